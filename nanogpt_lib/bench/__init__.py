"""How fast this library trains and writes on the machine at hand, form by form, and beside another project.

| file | what lives there |
|---|---|
| `settings` | the sizes to measure at, by name |
| `forms` | the forms that the library has, each made ready to do one piece of work |
| `peer` | GPT2LMHeadModel of transformers, where it is installed |
| `in_turn` | all forms do a little, in turn, again and again; the seconds of each piece of work |
| `memory` | the most memory that a form takes, in a process of its own |
| `hardware` | the machine in words |
| `rows` | what was measured, as rows, as a table and as a JSON file |
| `picture` | the rows as bars |
| `__main__` | the command `python -m nanogpt_lib.bench` |
"""
