"""One job is wanted and bought, although what the cloud shows of it is late, short or of a wrong type."""

from __future__ import annotations

from itertools import count

import commands
import pytest
from patience import PATIENCE_S
from proxied import FaultProxy, ServedCloud

SETTINGS = '[targets.test]\nurl = "{url}"\n{terms}\n'
# Much less than by default; what lags here is as far below or beyond it as it may be there.
TERMS = "settle_s = 1.0\nlease_s = 2.0\npoll_s = 0.2"
ONE = "{runs: 20, variables: {t_ns: 100}}"
TWO = "{runs: 20, sweep: {t_ns: [100, 200]}}"
BUDGET = "  policy: {budget: {runs: 20, jobs: 1}}\n"
JOBS = {"method": "GET", "path": "/api/v2/jobs"}
# Enough on a machine that is ten times slower; who is done does not wait.
NUMBERS = count()


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    """A served cloud whose workers are warm: a job is over before any of these lags."""
    folder = tmp_path_factory.mktemp("half-seen")
    with ServedCloud(folder / "store") as cloud:
        lab = a_lab(folder / "first", cloud.url, jobs="{runs: 20, sweep: {t_ns: [100, 200, 300, 400]}}")
        assert applied(lab)[0] == 0
        yield cloud


@pytest.fixture(autouse=True)
def well(cloud):
    """What one test makes of the cloud is over for the next."""
    yield
    cloud.behave()
    cloud.pause()


@pytest.fixture
def proxy(cloud):
    """A proxy to it."""
    with FaultProxy(cloud.url) as proxy:
        yield proxy


def a_lab(folder, url, *, jobs=ONE, policy="", terms=TERMS, settings=""):
    """A lab with a target by URL, and a namespace of its own."""
    before = commands.EXPERIMENT.partition("  jobs:\n")[0]
    return commands.a_lab(
        folder,
        experiment=f"{before}{policy}  jobs:\n    - {jobs}\n",
        settings=f"{settings}\n{SETTINGS.format(url=url, terms=terms)}",
        namespace=f"half-seen-{next(NUMBERS)}",
    )


def applied(lab, timeout_s=PATIENCE_S):
    """Exit code and what is said."""
    words = ("apply", "specs", "--target", "test", "--yes", "--timeout", str(timeout_s))
    code, stdout, stderr = commands.run(lab, *words)
    return code, stdout + stderr


JOBS_LAG = {"lag_s": 0.3, "path": "/api/v2/jobs"}


@pytest.mark.long
@pytest.mark.seconds(13)
@pytest.mark.parametrize(
    ("lag", "options", "wanted"),
    [
        pytest.param(JOBS_LAG, {"terms": ""}, {100: 20}, marks=pytest.mark.long, id="jobs by default terms"),
        pytest.param(JOBS_LAG, {}, {100: 20}, id="jobs"),
        pytest.param({"lag_s": 0.8}, {}, {100: 20}, id="everything below settle_s"),
        pytest.param(
            {"lag_s": 1.6},
            {"jobs": TWO},
            {100: 20, 200: 20},
            marks=pytest.mark.long,
            id="everything beyond settle_s",
        ),
    ],
)
def test_lists_may_lag_each_by_itself(tmp_path, cloud, lag, options, wanted):
    """Every job is bought once, also where it is over before any list shows it."""
    lab = a_lab(tmp_path / "lab", cloud.url, **options)
    cloud.behave({"effect": "lag"} | lag)
    code, said = applied(lab)

    assert (0, (len(wanted), wanted)) == (code, cloud.bought(commands.namespace_of(lab))), said


@pytest.mark.long
@pytest.mark.seconds(10)
@pytest.mark.parametrize(
    ("policy", "settings"),
    [
        (BUDGET, ""),
        ("", "[budget_per_day]\nruns = 20\njobs = 1"),
        ("", "[caps]\nruns = 20\njobs = 1"),
    ],
    ids=["policy", "day", "caps"],
)
def test_a_budget_counts_what_no_list_shows(tmp_path, cloud, policy, settings):
    """What was bought is spent, whatever the cloud shows of it."""
    lab = a_lab(tmp_path / "lab", cloud.url, policy=policy, settings=settings)
    cloud.behave({"effect": "lag", "lag_s": 0.8})
    code, said = applied(lab)

    assert (0, (1, {100: 20})) == (code, cloud.bought(commands.namespace_of(lab))), said


@pytest.mark.long
@pytest.mark.seconds(12)
@pytest.mark.parametrize(
    ("fault", "is_live"),
    [
        ({"fault": "short"}, False),
        ({"fault": "change", "field": "runs", "value": -20}, False),
        ({"fault": "change", "field": "runs", "value": None}, True),
    ],
    ids=["no jobs beside jobs_count", "negative runs", "null runs of a live job"],
)
def test_what_cannot_be_right_buys_nothing_more(tmp_path, cloud, proxy, fault, is_live):
    """One purchase, however long the jobs are not shown as they are; once they are, all is recorded."""
    lab = a_lab(tmp_path / "lab", proxy.url)
    cloud.pause(*(["EMU_FREE"] if is_live else []))
    proxy.behave(fault | JOBS)
    applied(lab, 6)
    proxy.behave()
    cloud.pause()
    code, said = applied(lab)

    assert (0, (1, {100: 20})) == (code, cloud.bought(commands.namespace_of(lab))), said
    assert [[[20, {"t_ns": 100}]]] == [asked["bought"] for asked in proxy.log() if asked["bought"]]
    assert [20] == [record["runs"] for record in commands.records_of(lab)]
