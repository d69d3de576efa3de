"""Import this before nbformat: it then takes a tenth of a second, and not two in every process of pytest.

For a kind of address that no notebook holds, jsonschema would compile 38 grammars; it does without where their
package cannot be imported.
"""

import sys

sys.modules["rfc3987_syntax"] = None
