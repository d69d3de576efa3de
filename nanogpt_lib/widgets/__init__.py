"""Small tools to turn and to look at: one widget a file, its JavaScript and CSS beside it.

| file | widget | first met in |
|---|---|---|
| `batch_explorer` | `BatchExplorer`: a batch as (context, target) pairs | 01 |
| `ngram_explorer` | `NGramExplorer`: the order of a counted model, its loss, a sample | 01 |
| `bigram_map` | `BigramMap`: which character follows which | 02 |
| `averaging_explorer` | `AveragingExplorer`: scores and a mask, weights and who sees the future | 03 |
| `attention_view` | `AttentionView`: what every head looks at, stage by stage | 00, 04 |
| `scaling_explorer` | `ScalingExplorer`: head_size and a divisor, spread, weights and gradients | 05 |
| `head_grid` | `HeadGrid`: a layer's heads side by side, and the loss without some of them | 06 |
| `depth_explorer` | `DepthExplorer`: layers, bypass and start, spread and gradient | 07 |
| `norm_explorer` | `NormExplorer`: which axes a norm averages over, what it erases and what leaks | 08 |
| `dropout_explorer` | `DropoutExplorer`: p and a mask, weights and the sums of their rows | 09 |
| `curve_explorer` | `CurveExplorer`: recorded trainings over one another, read at any step | 09 |
| `training_dashboard` | `TrainingDashboard`: a live training, to watch, stop and go on with | 10 |
| `architecture_explorer` | `ArchitectureExplorer`: a GPT's sizes, and what they cost by part | 10 |
| `sampling_studio` | `SamplingStudio`: settings, a text that streams, the choice behind each character | 11 |
| `run_explorer` | `RunExplorer`: all recorded trainings, overlaid, guessed at, and one of your own | 12 |
| `recipe_race` | `RecipeRace`: two recipes on one clock, and all recipes by their loss | 15 |
| `quiz` | `Quiz`: questions whose answers say why | every notebook |

Each is a pure function that makes arrays or text, and a thin shell on top. `kit.widget` and `kit/browser/`
hold what they share with the quiz, `pictures/` what pictures share, `own_run` a learner's own training.
`make widgets` bundles each into `static/`, which is what a browser gets.
Nothing is fetched from outside, and without a kernel a still picture stays.
"""
