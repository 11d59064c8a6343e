{% include "http/deploy-flags.sh" %}
