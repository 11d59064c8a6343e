"""The name that the replay files of versions up to 0.3.0 give to Jinja."""

from fn_template_needs_cookiecutter_2_3_or_newer import FnTemplate

__all__ = ["FnTemplate"]
