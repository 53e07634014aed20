"""Kills the parts of a system at points drawn from a seed, and starts them again."""

import dataclasses
import random
import threading
import time

from stage import LocalError


@dataclasses.dataclass
class Kill:
    point: int  # when so many orders are settled, or somewhat later: not before all is well again
    parts: list  # killed one right after the other
    down_seconds: float  # until they are started again
    done: bool = False

    def __str__(self):
        return f"{'+'.join(self.parts)}@{self.point} ({self.down_seconds:.1f} s)"


def slack(orders, kills):
    """How many orders may be begun past the point of a kill, so that it finds all at work."""
    return orders // (2 * kills + 2)


def draw_kills(seed, orders, parts, times, pairs=()):
    """Each part alone so many times, and each pair at once, in a drawn order at drawn points: one in each
    of as many equal stretches, so that there are orders left for the last."""
    dice = random.Random(f"{seed}/kills")
    victims = [[part] for part in parts for _ in range(times)] + [list(pair) for pair in pairs]
    dice.shuffle(victims)
    stretch = (orders - 2 * slack(orders, len(victims))) / len(victims)
    return [Kill(int((i + dice.random()) * stretch), parts, dice.uniform(0, 1))
            for i, parts in enumerate(victims)]


class Chaos(threading.Thread):
    """Does the kills while the crowd is at it, as long as the crowd has time. Each finds the system whole
    and the crowd busy. `system` has kill(part), start(part) and wait_until_ready()."""

    def __init__(self, system, crowd, kills, at_first=None):
        """`at_first` is called before the kills, once the crowd is at work."""
        super().__init__(name="chaos", daemon=True)
        self.system, self.crowd, self.kills, self.failure = system, crowd, kills, None
        self.at_first = at_first
        self.slack = slack(crowd.orders, len(kills))
        crowd.set_limit(kills[0].point + self.slack)

    def run(self):
        try:
            if self.at_first and self.crowd.wait_until_settled(1):
                self.at_first()
            for kill in self.kills:
                try:
                    self.system.wait_until_ready(max(self.crowd.seconds_left(), 1))
                except LocalError:
                    if self.crowd.seconds_left():
                        raise
                    return
                point = max(kill.point, self.crowd.settled + self.slack // 10)
                self.crowd.set_limit(point + self.slack)
                if not self.crowd.wait_until_settled(point):
                    return
                for part in kill.parts:
                    self.system.kill(part)
                time.sleep(kill.down_seconds)
                for part in kill.parts:
                    self.system.start(part)
                kill.done = True
        except Exception as error:  # told by the test's own thread
            self.failure = error
        finally:
            self.crowd.set_limit(self.crowd.orders)

    def finish(self):
        self.join()
        if self.failure:
            raise self.failure
