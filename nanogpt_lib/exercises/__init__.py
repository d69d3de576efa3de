"""One file a notebook: what is asked, three hints, a solution, and the mistakes that it knows by name.

    from nanogpt_lib.exercises import ex03 as ex

    ex.avg_tril.check(my_function)  # a panel: passed, not attempted yet, or which mistake it is
    ex.avg_tril.hint()              # the next of three hints
    ex.avg_tril.solution()          # the code of one right answer

| file | what lives there |
|---|---|
| `outcome` | an answer is run once on one input; two outcomes are compared |
| `attempt` | whether a function is still a stub, and which line of it raised |
| `diagnose` | what is wrong with an answer that no known mistake explains |
| `mistakes` | `Wrong`, a mistake known by name, and how an answer is recognised as one |
| `facts` | what an answer does, where its own values are random |
| `attention_facts` | the same for a head set by hand, and for two orders of one input |
| `head_facts` | what becomes of attention when heads are cut, joined, filled or switched off |
| `block_facts` | what feed-forward layers, blocks and stacks of them do |
| `norm_facts` | what a norm keeps apart, and which layers a stack calls |
| `dropout_facts` | the law of a random mask, and how a model was treated while it was judged |
| `curve_facts` | pairs of curves to be labelled |
| `gpt_facts` | what is counted of a whole GPT, computed with its parts, sorted into groups |
| `file_facts` | how files are treated that are whole, damaged, or programs |
| `sampling_facts` | what a cut keeps, and how a loop that writes treats text, model and chance |
| `claim_facts` | what a few seeds tell: an interval, and claims that are real or within noise |
| `panel` | what the learner sees: a panel, and the same as plain text |
| `exercise` | `Exercise`, which puts these together: check, hint, solution |
| `texts` | the published text as ids, read once |
| `ex01` ... | the exercises of notebook 01 ... |
| `table` | `python -m nanogpt_lib.exercises.table`: every known mistake and its message |

Taught in: crew.
"""
