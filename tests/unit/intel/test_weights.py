from __future__ import annotations

import pytest

from papertrader_tui.intel import weights


def test_all_present_are_the_documents_weights_without_own_record() -> None:
    every = weights.weigh(255)
    assert every[:6] == (2500, 2000, 1500, 1500, 1500, 1000)
    assert every[6:12] == (3000, 2500, 1500, 1000, 1000, 1000)
    assert every[12:] == (3889, 3889, 2222, 0)


@pytest.mark.parametrize("present", range(256))
def test_weights_of_a_score_sum_to_100_or_to_nothing(present: int) -> None:
    every = weights.weigh(present)
    assert sum(every[:6]) == 10_000  # the price's own quality is always known
    assert sum(every[6:12]) == (10_000 if present & ~(weights.VOLATILITY | weights.STRESS) else 0)
    assert sum(every[12:]) == 10_000


def test_a_missing_factor_weighs_nothing_and_lowers_data_quality() -> None:
    without = 255 & ~weights.DEPTH
    assert weights.weigh(without)[1:3] == (0, 0)
    assert weights.weigh(without)[10] == 0
    assert weights.quality(255, 3) == 10_000
    assert weights.quality(without, 3) == 7_750
    assert weights.quality(255, 2) == 9_625
    assert weights.quality(0, 0) == 750
