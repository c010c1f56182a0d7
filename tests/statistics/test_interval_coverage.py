import importlib.util
from pathlib import Path

import pytest
from scipy import integrate, stats
from scipy.special import expit

# By path: a package called coverage may be installed.
_SPEC = importlib.util.spec_from_file_location(
    "coverage_benchmark", Path(__file__).parents[2] / "benchmarks" / "coverage.py"
)
benchmark = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(benchmark)


def test_the_simulations_truth_is_the_mean_of_its_population():
    spread = (benchmark.BETWEEN**2 + benchmark.WITHIN**2) ** 0.5
    mean, _ = integrate.quad(lambda z: stats.norm.pdf(z) * expit(benchmark.LEVEL + spread * z), -12, 12)
    assert benchmark.truth() == pytest.approx(mean, abs=1e-7)


@pytest.mark.slow
def test_intervals_over_patients_hold_the_truth_and_intervals_over_images_do_not():
    # 500 studies: the standard error of a coverage of 95 % is 1 %, of 67 % it is 2 %.
    rows = benchmark.simulate(studies=500, replicates=1000, seed=0)
    found = {(row.n_patients, row.unit): row.coverage for row in rows}
    assert found[20, "patient"] > 0.91
    assert found[40, "patient"] > 0.92
    assert found[100, "patient"] > 0.92
    assert found[40, "image"] < 0.75
    assert found[100, "image"] < 0.75


@pytest.mark.slow
def test_paired_tests_reject_a_true_null_as_often_as_they_say():
    # 1000 studies: the standard error of 5 % is .7 %; three of them below and above.
    rows = benchmark.rejections(studies=1000, replicates=1000, seed=0, patients=(40,))
    found = {row.test: row.rate for row in rows}
    assert 0.029 < found["Wilcoxon"] < 0.071
    assert 0.029 < found["sign-flip"] < 0.071
    assert 0.029 < found["McNemar mid-p"] < 0.071
    assert 0.029 < found["interval"] < 0.071
    # Exact and discrete, so cautious; and the rule of `compare` asks for two things at once.
    assert found["McNemar exact"] <= found["McNemar mid-p"]
    assert found["called"] <= min(found["Wilcoxon"], found["interval"])
