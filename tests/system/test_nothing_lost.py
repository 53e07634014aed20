"""Every part of the system is killed again and again, and nothing that was accepted is lost."""

import os
import random

from campaign import Campaign
from stage import PARTS, Stage

SEED = int(os.environ.get("STOCKROOM_SEED", random.randrange(2**32)))
ORDERS = int(os.environ.get("STOCKROOM_CHAOS_ORDERS", "20000"))
TIMES = 2
PAIRS = [("store", "orders"), ("broker", "gateway"), ("store", "relay")]


def test_nothing_is_lost(binaries, contract, tmp_path):
    stage = Stage(tmp_path, binaries)
    try:
        campaign = Campaign(stage, contract, SEED, ORDERS)
        kills = campaign.run(PARTS, TIMES, PAIRS)
        assert all(kill.done for kill in kills), "there was no time for all of them"
        stage.wait_until_ready()
        findings = campaign.check()
        assert findings.is_clean(), findings
        assert findings.recovered > 0, "the kills hurt nobody"
        assert findings.resumed > 0, "the kills cut nobody who listened"
    finally:
        stage.end()
