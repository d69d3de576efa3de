"""A GPT in small files, each with one idea, in the order in which the notebooks teach them.

| file | what lives there | taught in |
|---|---|---|
| `checks` | messages for bad input; `expect` for a notebook's facts | crew |
| `rng` | one random stream at a time: global, or a generator of your own | crew |
| `threads` | one thread, where a second would only wait | crew |
| `interrupts` | Ctrl-C between two steps, never within one | crew |
| `style` | colours and plot settings | crew |
| `files` | files that are whole or not there | crew |
| `rebuild` | the exact text, rebuilt offline from an installed package | crew |
| `data` | `load_text`, `CharTokenizer`, `train_val_split`, `get_batch` | 01 |
| `ngrams` | counted baselines: unigram, bigram, n-gram | 01, 02 |
| `bigram` | `lm_loss`, `BigramLM` | 02 |
| `averaging` | one matrix product looks back, in three ways | 03 |
| `dot_product` | `attention_steps`: the formula, stage by stage | 04, 05 |
| `attention` | `Head`, `CrossAttention`, `MultiHeadAttention`, `FusedAttention` | 04, 06 |
| `layers` | `FeedForward`, `LayerNorm`, `Dropout`, `Block` | 07-09 |
| `model` | `GPTConfig`, `GPT` | 10 |
| `costs` | what a GPT costs: numbers, products, bytes | 10 |
| `evaluation` | `estimate_loss` on random batches, `evaluate_split` on all | 02, 12 |
| `optimizer` | the learning rate over a training; which weights decay | 10 |
| `training` | `TrainConfig`, `TrainingRun`, `train` | 10 |
| `presets` | the reference's four rungs, by name | 12 |
| `checkpoint` | save, load, resume; refuses what was damaged | 10 |
| `sampling` | `next_token_probs`, `stream`, `generate` | 11 |
| `trace` | attention as the real forward computed it | 04-13 |
| `ablation` | heads switched off, and what the loss says | 06, 13 |
| `experiments` | which trainings are recorded, and what each set compares | 12 |
| `runs` | recorded trainings, read from their files | 05-09, 12 |
| `exercises` | checks that name the learner's mistake, one file a notebook | crew |
| `plots` | arrays in, `(fig, ax)` out | crew |
| `widgets` | pictures that answer to mouse and keyboard, one file each | crew |
| `quizzes` | the questions at the end of each notebook | crew |
| `train` | the command `python -m nanogpt_lib.train` | 12 |
| `record` | the command that trains and records an experiment | 12 |

A file imports only from files above it. Nothing happens at import.
"""

__version__ = "0.1.0"
