"""A GPT in small files, each with one idea, in the order in which the lessons teach them.

| file | what lives there | taught in |
|---|---|---|
| `messages` | one form of message for bad input; what arrived, in words | – |
| `checks` | numbers and shapes, refused where they do not fit; `expect` for a notebook's facts | – |
| `kinds` | texts, ids, floats, generators: refused where something else arrives | – |
| `promises` | what every model promises: a block_size, and (logits, loss) | – |
| `rng` | one random stream at a time: global, or a generator of your own | – |
| `threads` | threads that wait do so asleep | – |
| `starting` | the begin of a command, before it imports torch | – |
| `process` | one thread; no interrupt within a step; the end of a command | – |
| `arguments` | paths and numbers of a command | – |
| `ranks` | several processes: their numbers, devices, and what they tell each other | faster_and_bigger |
| `style` | colours, plot settings, and how a character is made visible | – |
| `files` | files that are whole or not there | – |
| `rebuild` | the exact text, rebuilt offline from an installed package | – |
| `text_file` | a text of your own, in UTF-8 or refused by name | text_tokens_batches |
| `data` | `load_text`, `CharTokenizer`, `train_val_split`, `get_batch` | text_tokens_batches |
| `ngrams` | counted baselines: unigram, bigram, n-gram | text_tokens_batches, bigram |
| `bigram` | `lm_loss`, `BigramLM` | bigram |
| `averaging` | one matrix product looks back, in three ways | averaging_the_past |
| `dot_product` | `attention_steps`: the formula, stage by stage | self_attention, scaling |
| `modern` | parts of newer GPTs: RMSNorm, rotary positions, pairs of characters | faster_and_bigger |
| `heads` | `Attention`: what every layer of heads promises | multi_head, full_model |
| `attention` | `Head`, `CrossAttention`, `MultiHeadAttention` | self_attention, multi_head |
| `fused_attention` | `FusedAttention`, `DirectAttention` | multi_head, faster_and_bigger |
| `layers` | `FeedForward`, `LayerNorm`, `Dropout`, `Block` | feed_forward_and_residuals, layernorm, dropout |
| `model` | `GPTConfig`, `GPT` | full_model |
| `costs` | what a GPT costs: numbers, products, bytes | full_model |
| `evaluation` | `estimate_loss` on random batches, `evaluate_split` on all | bigram, experiments |
| `remembering` | counts that grow during an evaluation, and mixtures of two models | faster_and_bigger |
| `muon` | step along all directions of a matrix alike | faster_and_bigger |
| `optimizer` | the learning rate over a training run; which weights decay | full_model |
| `train_config` | `TrainConfig`: how to train | full_model |
| `machine` | what this processor multiplies fast | faster_and_bigger |
| `training_run` | `TrainingRun`, `train` | full_model |
| `go_on` | another rate, decay or number of steps for a run on its way | full_model |
| `shared` | several processes train one model, each on its rows of a batch | faster_and_bigger |
| `presets` | the reference's four rungs, by name | experiments |
| `saved_json` | JSON files, read without trusting them | – |
| `savable` | what a checkpoint can keep of a run, and what it refuses | full_model |
| `restored` | a run, built from a checkpoint's files once they fit together | full_model |
| `card` | the card of a checkpoint, and nothing in it that no save would write | – |
| `checkpoint` | save, load, resume; refuses what was damaged | full_model |
| `prompt` | what a model makes of a prompt | sampling |
| `cache` | `KeyValueCache`: one more character costs one position, not all | faster_and_bigger |
| `untouched` | is a GPT as it was built, and has anything in it changed since? | faster_and_bigger |
| `reader` | the logits for what comes next, from a cache where there can be one | faster_and_bigger |
| `drafts` | counted n-grams guess, and the model judges several guesses in one call | faster_and_bigger |
| `sampling` | `next_token_probs`, `stream`, `generate` | sampling |
| `trace` | attention as the real forward computed it | self_attention to looking_inside |
| `ablation` | switch off heads, and measure how the loss changes | multi_head, looking_inside |
| `recorded` | recorded training runs, and the command that makes them | experiments |
| `plots` | arrays in, `(fig, ax)` out | – |
| `train` | the command `python -m nanogpt_lib.train` | experiments |
| `bench` | the command `python -m nanogpt_lib.bench`: how fast each form is here | faster_and_bigger |
| `workplace` | the learner's own copies of the notebooks, in `work/` | – |
| `lab` | the command `python -m nanogpt_lib.lab`, which opens them | – |

Three wings are built on these files. They are not taught:

| wing | what lives there |
|---|---|
| `kit` | what makes a lesson interactive: exercises, quizzes, panels, the base of the widgets |
| `widgets` | pictures that answer to mouse and keyboard, one file each |
| `lessons` | what belongs to one lesson: its exercises and its quiz |

A file imports only from files above it. Nothing happens at import.
"""

__version__ = "0.2.0"
