"""The generators that are on GitHub only, each at a commit."""

from benchmarks.comparison.peer import GCLOUD, Peer


def cookiecutter(repository: str, commit: str, answers: str = "") -> str:
    """Return the command that makes a function with a template on GitHub, as it was at a commit."""
    return f"{clone(repository, commit)} && cookiecutter --no-input template {answers}".rstrip()


def clone(repository: str, commit: str) -> str:
    """Return the command that brings a commit into the folder template."""
    brought = f"git clone -q https://github.com/{repository} template && git -C template checkout -q {commit}"
    return f"rm -rf template && {brought}"


JNAHELOU = "jnahelou/cookiecutter-gcf-python"
ASKARTHUR = "askarthur/cookiecutter-cloudfunctions"
RJULIAN = "rjulian/cookiecutter-python-gcp-cloud-function-terraform"
REPOSITORIES = (
    Peer(
        name="[Knative `func create`](https://github.com/knative/func), its files only",
        version="c18d604, 2026-08-22",
        makes="a server for Kubernetes, HTTP or CloudEvents",
        make=f"{clone('knative/func', 'c18d6045a1b0cb6c2b411f03082ab9ed20ba90b3')} &&"
        " cp -R template/templates/python/http hello",
        project="hello",
        main="hello/function/func.py",
        function="handle",
        deployed=".",
        test="tests",
        lock="pyproject.toml",
        no_events="not asked",
    ),
    Peer(
        name=f"[{JNAHELOU}](https://github.com/{JNAHELOU})",
        version="27a0db6, 2021-10-25",
        makes="Google, HTTP",
        make=cookiecutter(JNAHELOU, "27a0db686e1fefff69df8cb95d8134953ceb78b5"),
        project="hello_function/hello_function",
        main="hello_function/hello_function/main.py",
        function="main",
        deployed="functions-framework",
        testing="-r requirements-dev.txt",
        test=".",
        lock="",
        uploads=f"{GCLOUD} hello_function/hello_function",
    ),
    Peer(
        name=f"[{ASKARTHUR}](https://github.com/{ASKARTHUR})",
        version="3eb44f0, 2022-07-06",
        makes="Google: HTTP, events",
        make=cookiecutter(ASKARTHUR, "3eb44f0b946dbdc5b568dd50c20bc1cc83b45684"),
        project="python_boilerplate",
        main="python_boilerplate/main.py",
        function="run_pipeline",
        deployed="functions-framework",
        testing="pytest pytest-cov",
        test="tests",
        lock="",
        uploads=f"{GCLOUD} python_boilerplate",
        events=tuple(
            (
                kind,
                cookiecutter(
                    ASKARTHUR,
                    "3eb44f0b946dbdc5b568dd50c20bc1cc83b45684",
                    f"project_slug=on_{kind} trigger_type='{choice}'",
                ),
                f"on_{kind}/main.py:run_pipeline",
            )
            for kind, choice in (
                ("pubsub", "Cloud Pub/Sub"),
                ("storage", "Cloud Storage"),
                ("firestore", "Cloud Firestore"),
            )
        ),
    ),
    Peer(
        name=f"[{RJULIAN}](https://github.com/{RJULIAN})",
        version="f6ce3a2, 2023-01-21",
        makes="Google, first generation: HTTP, events, Terraform",
        make=cookiecutter(RJULIAN, "f6ce3a260ca5436cf6026e87caf0ed2f6db754b6"),
        project="gcp_function",
        main="gcp_function/gcp_function/main.py",
        function="hello_world",
        deployed="functions-framework",
        testing="-r requirements.txt",
        test="tests",
        lock="",
        # Its Makefile packs the folder's files so.
        uploads="cd gcp_function && mkdir build && zip -j build/gcp_function.zip gcp_function/* >&2 &&"
        " python -m zipfile -l build/gcp_function.zip",
        events=tuple(
            (
                kind,
                cookiecutter(
                    RJULIAN,
                    "f6ce3a260ca5436cf6026e87caf0ed2f6db754b6",
                    f"function_name=on_{kind} function_trigger='{choice}'",
                ),
                f"on_{kind}/on_{kind}/main.py:{function}",
            )
            for kind, choice, function in (
                ("pubsub", "pub/sub", "hello_pubsub"),
                ("storage", "cloud storage", "hello_gcs"),
                ("firestore", "firestore", "hello_firestore"),
            )
        ),
    ),
)
