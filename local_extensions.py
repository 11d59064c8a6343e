"""The name under which projects of version 0.3 and older know the extension."""

from fn_template_needs_cookiecutter_2_2 import FnTemplate

__all__ = ["FnTemplate"]
