"""What the exercises of several lessons measure, by kind.

| file | what lives there |
|---|---|
| `arrays` | how far two arrays are apart |
| `draws` | a whole number within bounds |
| `models` | a layer with weights to look at, and in which mode a model was left |
"""
