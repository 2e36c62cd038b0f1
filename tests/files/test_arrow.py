"""Arrow loads no pandas at its first array, and knows it again once a frame is asked for."""

import subprocess
import sys

_BODY = """
import sys
from encave.files.arrow import hide_pandas
hide_pandas()
import pyarrow as pa
column = pa.array([1.0, None]).to_numpy(zero_copy_only=False)
assert "pandas" not in sys.modules, "before"
frame = pa.table({"a": [1, 2]}).to_pandas()
assert frame["a"].tolist() == [1, 2]
assert pa.array(frame["a"] / 0 * 0).null_count == 2, "a series of NaN is known as pandas'"
"""


def test_pandas_is_loaded_with_the_first_frame() -> None:
    subprocess.run([sys.executable, "-c", _BODY], check=True, timeout=60)
