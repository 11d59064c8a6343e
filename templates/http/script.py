"""What the function does, apart from HTTP."""


def greeting(name: str | None) -> str:
    """Greet `name`, or the world if it is empty, blank or None."""
    return f"Hello, {(name or '').strip() or 'World'}!"
