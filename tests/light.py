"""Import this before nbformat: it then takes a tenth of a second, and not two in each of the processes.

For a kind of address that no notebook holds, jsonschema would compile 38 grammars; where their package cannot
be imported, it does without.
"""

import sys

sys.modules["rfc3987_syntax"] = None
