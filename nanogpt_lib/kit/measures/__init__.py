"""What the exercises of several lessons measure, by kind.

| file | what lives there |
|---|---|
| `arrays` | how far two arrays are apart |
| `draws` | whole numbers and generators for inputs |
| `errors` | what an answer raised |
| `gradients` | what comes back from an output |
| `models` | a layer with weights to look at, and in which mode a model was left |
"""
