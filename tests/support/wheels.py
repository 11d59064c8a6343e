"""Packages that no index has."""

import io
import zipfile


def wheel(name: str, version: str, python: str = ">=3.8") -> bytes:
    """Return a wheel with one empty module, for some versions of Python."""
    packed = io.BytesIO()
    info = f"{name}-{version}.dist-info"
    facts = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: {python}\n"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{name}.py", "")
        archive.writestr(f"{info}/METADATA", facts)
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return packed.getvalue()
