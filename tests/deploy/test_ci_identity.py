"""Whom a CI system deploys as: the lines of REFERENCE.md that let in one repository's main branch, and nobody else."""

import re
from copy import deepcopy
from pathlib import Path

import pytest

from tests.support.cloud_rights import NUMBER
from tests.support.deploying import SET_UP, shell
from tests.support.fake_cloud import FakeCloud, fake_cloud
from tests.support.pages import section
from tests.support.processes import check_output, posix_only
from tests.support.types import Bake

pytestmark = [pytest.mark.slow, posix_only]


def trusts(condition: str, claims: dict[str, str]) -> bool:
    """Whether an attribute condition, made of comparisons that must all hold, lets in a job's token."""
    parts = [re.fullmatch(r"assertion\.(\w+) == '([^']+)'", part) for part in condition.split(" && ")]
    assert all(parts), condition
    return all(claims.get(part[1]) == part[2] for part in parts if part)


def printed(project: Path, home: Path, there: FakeCloud, title: str) -> str:
    """Paste REFERENCE.md's lines for a CI system, after the earlier ones that they need; return what is shown."""
    before = re.findall(r"(?m)^(?:gcloud services|.* create deployer).*\n", section(project, SET_UP))
    return check_output(shell(project, home, there, *before, section(project, title)))


GITHUB = {
    # As GitHub writes it for a repository made after 15 July 2026.
    "sub": "repo:my-org@1234567/my-repo@123456789:environment:production",
    "repository_owner_id": "1234567",
    "repository_id": "123456789",
    "ref": "refs/heads/main",
    "environment": "production",
}
# All are strings: https://docs.gitlab.com/ci/secrets/id_token_authentication/
GITLAB = {
    "sub": "project_path:my-group/my-project:ref_type:branch:ref:main",
    "namespace_id": "1234567",
    "project_id": "12345678",
    "ref": "main",
    "ref_type": "branch",
    "ref_protected": "true",
    "pipeline_source": "push",
}


@pytest.mark.parametrize(
    ("ci", "mine", "mapping", "who"),
    [
        (
            "GitHub",
            GITHUB,
            {"google.subject": "assertion.sub", "attribute.repository_id": "assertion.repository_id"},
            "principalSet://iam.googleapis.com/{}/attribute.repository_id/123456789",
        ),
        (
            "GitLab",
            GITLAB,
            {"google.subject": "assertion.project_id"},
            "principal://iam.googleapis.com/{}/subject/12345678",
        ),
    ],
    ids=["github", "gitlab"],
)
def test_only_tokens_of_the_repository_may_deploy(
    fresh: Bake, home: Path, ci: str, mine: dict[str, str], mapping: dict[str, str], who: str
) -> None:
    """REFERENCE.md's lines for it; the token of one repository, branch and environment is let in, and no other."""
    project = fresh(ci=ci.lower())
    with fake_cloud(ready=False) as there:
        shown = printed(project, home, there, f"How do I deploy from {ci}?")
    [(name, provider)] = there.providers.items()
    assert shown.splitlines()[-1] == name.replace("my-project", NUMBER)
    pool = name.replace("my-project", NUMBER).removesuffix(f"/providers/{ci.lower()}")
    account = "projects/my-project/serviceAccounts/deployer@my-project.iam.gserviceaccount.com"
    assert provider["attributeMapping"] == mapping
    binding = {"role": "roles/iam.workloadIdentityUser", "members": [who.format(pool)]}
    assert there.policies[account]["bindings"] == [binding]
    assert trusts(provider["attributeCondition"], mine)
    for claim in mine.keys() - {"sub"}:
        assert not trusts(provider["attributeCondition"], {**mine, claim: "another"})
        assert not trusts(provider["attributeCondition"], {k: v for k, v in mine.items() if k != claim})


def test_provider_of_an_older_function_is_updated(fresh: Bake, home: Path) -> None:
    """As CHANGELOG.md says: the same lines with another verb, and an error to ignore."""
    project = fresh(ci="github")
    lines = section(project, title := "How do I deploy from GitHub?")
    with fake_cloud(ready=False) as there:
        printed(project, home, there, title)
        wanted = deepcopy(there.providers)
        [provider] = there.providers.values()
        provider |= {"attributeMapping": {"google.subject": "assertion.sub"}, "attributeCondition": "true"}
        done = shell(project, home, there, "set +e\n", lines.replace("create-oidc", "update-oidc"))
        assert re.findall("/github already exists|ERROR", done.stdout) == ["ERROR", "/github already exists"]
        assert there.providers == wanted
        # The page's own verb would not.
        provider |= {"attributeCondition": "true"}
        shell(project, home, there, "set +e\n", lines)
        assert there.providers != wanted


def test_cloud_build_deploys_as_the_deployer(fresh: Bake, home: Path) -> None:
    """main as the deployer; a pull request as an account that may write logs and nothing else."""
    project = fresh(ci="cloudbuild")
    with fake_cloud(ready=False) as there:
        printed(project, home, there, "How do I deploy from Cloud Build?")
    accounts = {}
    for trigger in there.triggers.values():
        [(event, about)] = [item for item in trigger["repositoryEventConfig"].items() if item[0] != "repository"]
        assert about["branch"] == "^main$" and (project / trigger["filename"]).is_file()
        accounts[event] = trigger["serviceAccount"].rpartition("/")[2].partition("@")[0]
    assert accounts == {"push": "deployer", "pullRequest": "tester"}
    logs = "roles/logging.logWriter"
    roles = {
        account: there.roles(f"serviceAccount:{account}@my-project.iam.gserviceaccount.com", "projects/my-project")
        for account in accounts.values()
    }
    assert roles == {"deployer": {logs}, "tester": {logs}}
    assert "my-project/secretmanager.googleapis.com" in there.services
    assert there.policies.keys() == {"projects/my-project"}
