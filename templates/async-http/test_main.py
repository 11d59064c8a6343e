{% include "shared/test_greeting.py" %}
