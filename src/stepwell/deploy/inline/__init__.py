"""Code that a template holds itself (`ZipFile`), as the zip file of a function.

As on AWS it becomes a file named `index`, and the module that answers to custom resources lies
beside it: `cfnresponse` for Python, `cfn-response` for Node.js.
"""

from __future__ import annotations

import io
import zipfile
from importlib.resources import files

FILES_READABLE = 0o644 << 16


def zip_inline(code: str, runtime: str) -> bytes:
    """The zip file; the same bytes for the same code. Raises ValueError for other runtimes."""
    if runtime.startswith("python"):
        contents = {"index.py": code, "cfnresponse.py": _read("cfnresponse.py")}
    elif runtime.startswith("nodejs"):
        # A folder, so that `require` and `import` both find it.
        module = "node_modules/cfn-response"
        contents = {"index.js": code, f"{module}/index.js": _read("cfn_response.js")}
    else:
        raise ValueError(f"ZipFile is for Python and Node.js, not for {runtime}")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in contents.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = FILES_READABLE
            archive.writestr(entry, text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _read(name: str) -> str:
    return (files(__name__) / name).read_text(encoding="utf-8")
