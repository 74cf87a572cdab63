"""Where a repository begins, and what git says of it."""

from __future__ import annotations

import subprocess

import pytest
from patience import PATIENCE_S

from runner.errors import ProjectError
from runner.project import Project
from runner.project.config.repository import (
    Revision,
    descends_from,
    find_root,
    revision,
    root_commit_namespace,
    state_folder,
    unchanged_files,
)


def git(folder, *words):
    """Runs git, as somebody, in a folder."""
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@lab.test", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *words],
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    """A git repository with two commits."""
    folder = tmp_path / "lab"
    folder.mkdir()
    git(folder, "init")
    for number in range(2):
        (folder / "file").write_text(str(number))
        git(folder, "add", ".")
        git(folder, "commit", "-m", f"commit {number}")
    return folder


def test_a_repository_begins_where_runner_toml_or_git_is(tmp_path, repository):
    """The nearest one."""
    deep = repository / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "x.yaml").touch()
    found = [find_root(deep / "x.yaml")]
    (repository / "a" / "runner.toml").touch()
    found.append(find_root(deep))

    assert [repository, repository / "a"] == found
    assert find_root(tmp_path) == tmp_path


def test_all_clones_share_a_namespace(tmp_path, repository):
    """The first 8 digits of the root commit."""
    git(tmp_path, "clone", "--quiet", str(repository), "clone")
    namespaces = {root_commit_namespace(folder) for folder in (repository, tmp_path / "clone")}

    assert {git(repository, "rev-list", "--max-parents=0", "HEAD")[:8]} == namespaces


def test_a_shallow_clone_does_not_know_its_namespace(tmp_path, repository):
    """Its oldest commit is not the root; a wrong namespace would buy everything again."""
    git(tmp_path, "clone", "--quiet", "--depth", "1", repository.as_uri(), "shallow")

    assert root_commit_namespace(tmp_path / "shallow") is None


def test_outside_git_nothing_tells_the_namespace(tmp_path):
    """But the cloud on this machine belongs to the checkout alone."""
    local = Project.open(tmp_path)
    remote = Project.open(tmp_path, "http://127.0.0.1:1")

    assert (None, "local", None) == (root_commit_namespace(tmp_path), local.namespace, remote.namespace)


def test_the_revision_says_whether_files_differ_from_it(repository):
    """A result is only as good as what is known of its source."""
    commit = git(repository, "rev-parse", "HEAD")
    clean = revision(repository)
    (repository / "file").write_text("changed")

    assert (Revision(commit, False), Revision(commit, True)) == (clean, revision(repository))


def test_outside_git_there_is_no_revision(tmp_path):
    """And that is said."""
    assert Revision(None, None) == revision(tmp_path)


def test_files_that_are_as_the_commit_has_them_are_known(repository):
    """Not those that were changed, staged or not, and not those that git does not know."""
    for name in ("kept", "changed", "staged"):
        (repository / name).write_text(name)
    git(repository, "add", ".")
    git(repository, "commit", "-m", "three files")
    for name in ("changed", "staged", "new", "staged new"):
        (repository / name).write_text("otherwise")
    git(repository, "add", "staged", "staged new")

    assert {repository / "file", repository / "kept"} == unchanged_files(repository)


def test_outside_git_no_file_is_of_a_commit(tmp_path):
    """Nor before the first commit."""
    (tmp_path / "file").write_text("")
    assert frozenset() == unchanged_files(tmp_path)
    git(tmp_path, "init")

    assert frozenset() == unchanged_files(tmp_path)


def test_a_commit_descends_from_itself_and_from_those_before_it(repository):
    """Not from one that came later, was never heard of, or is no commit."""
    first, second = git(repository, "rev-list", "--reverse", "HEAD").split()
    git(repository, "checkout", "--detach", first)
    at_first = [descends_from(repository, each) for each in (first, second)]
    git(repository, "checkout", "--detach", second)

    assert [True, False] == at_first
    assert [True, True, False, False] == [
        descends_from(repository, each) for each in (first, second, 40 * "0", "--all")
    ]


def test_the_runners_own_folder_is_kept_out_of_git(repository):
    """Without a line in anybody's .gitignore."""
    state_folder(repository)

    assert git(repository, "status", "--porcelain") == ""


def test_a_file_in_the_place_of_the_runners_own_folder_is_named_with_what_to_do(tmp_path):
    """Not the system's number for it."""
    (tmp_path / ".runner").touch()

    with pytest.raises(ProjectError) as caught:
        state_folder(tmp_path)

    hint = "the runner keeps its journal in a folder of that name; move the file away"
    assert (f"{tmp_path / '.runner'}: is a file, not a folder", hint) == (
        caught.value.message,
        caught.value.hint,
    )


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o700])
def test_the_runners_own_folder_is_its_owners_alone(tmp_path, mode):
    """Also one that an older version made."""
    folder = tmp_path / ".runner"
    folder.mkdir(mode=mode)
    folder.chmod(mode)

    assert 0o700 == state_folder(tmp_path).stat().st_mode & 0o777
