"""Plays traces through the published python-circuit and tells what it decided.

One JSON object a line comes in, a trace:

    {"settings": {"maxfail": 3, "reset_timeout": 10000, "time_unit": 60000,
                  "backoff_cap": null, "with_jitter": false},
     "mends": ["reopen", "history"],
     "steps": [[0, "a", "fail"], [5, "a", "begin", 1], [9, "a", "ok", 1], [9, "a", "close"]]}

A step is its time, its peer and what happens: a whole call that ends "ok", "fail", "ignored" or
"subclass" (an exception derived from the one that counts); "begin", a call that goes on under the
given number until "ok", "fail" or "ignored" with that number; "open" and "close" by hand.
Times have no unit of their own, so whole milliseconds stay exact.

One JSON object a line goes out: "verdicts", two characters a step (`+` admitted, `-` rejected, `.` not
asked; then the state after it: c, o or h), and "circuits", how many circuits the set keeps.

Without mends the package plays as it is. Each mend takes away one documented difference and no more.
"""

import json
import logging
import random
import sys

from circuit import CircuitBreaker, CircuitBreakerSet, CircuitOpenError


class Failure(Exception):
    """What counts as a failure."""


class SpecialFailure(Failure):
    """A kind of failure that was not registered by its own name."""


class Ignored(Exception):
    """What passes through and changes nothing."""


RAISED = {"fail": Failure, "ignored": Ignored, "subclass": SpecialFailure}


class Mended(CircuitBreaker):
    """The published breaker without the differences named in `mends`."""

    mends = frozenset()
    _state = None
    epoch = 0
    probing = False

    @property
    def state(self):
        return self._state

    @state.setter
    def state(self, state):
        if state != self._state:
            self.epoch += 1
            self.probing = False
        self._state = state

    def test(self):
        if "one-probe" in self.mends and self.probing:
            raise CircuitOpenError()
        if "clock" in self.mends and self.state == "open" and self.clock() < self.last_change:
            self.state = "half-open"
        super().test()
        self.probing = self.state == "half-open"

    def open(self, err=None):
        if "open" not in self.mends or self.state != "open":
            super().open(err)

    def error(self, err=None):
        if "open" in self.mends and self.state == "open":
            return
        probe = self.state == "half-open"
        super().error(err)
        if "reopen" in self.mends and probe and self.state == "half-open":
            self.open(err)

    def reset(self):
        closes = self.state != "closed"
        super().reset()
        if "history" in self.mends and closes:
            self.errors.clear()

    def __exit__(self, exc_type, exc_val, tb):
        if "subclass" in self.mends and exc_type and issubclass(exc_type, tuple(self.error_types)):
            exc_type = Failure
        super().__exit__(exc_type, exc_val, tb)
        self.probing = False
        return False

    def settle(self, epoch, outcome):
        """The result of a call that began in `epoch`."""
        if "stale" in self.mends and epoch != self.epoch:
            return
        self.probing = False
        report(self, outcome)


def report(circuit, outcome):
    if outcome == "ok":
        circuit.success()
    elif outcome == "fail":
        circuit.error(Failure())


class Player:
    def __init__(self, trace):
        self.now = 0
        self.begun = {}
        random.seed(0)
        log = logging.getLogger("oracle")
        log.setLevel(logging.CRITICAL + 1)
        mends = frozenset(trace["mends"])
        factory = type("ChosenMends", (Mended,), {"mends": mends}) if mends else CircuitBreaker
        self.breakers = CircuitBreakerSet(
            lambda: self.now, log, factory=factory, **trace["settings"]
        )
        self.breakers.handle_error(Failure)

    def play(self, now, peer, what, number=None):
        self.now = now
        if number is not None and what != "begin":
            self.end(number, what)
            # A peer that was never asked for has no circuit, and an end asks for none.
            circuit = self.breakers.circuits.get(peer)
            return "." + (circuit.state[0] if circuit else "c")
        circuit = self.breakers.context(peer)
        return self.verdict(circuit, what, number) + circuit.state[0]

    def verdict(self, circuit, what, number):
        if what == "open":
            circuit.open()
        elif what == "close":
            circuit.reset()
        elif what == "begin":
            return self.begin(circuit, number)
        else:
            return self.call(circuit, what)
        return "."

    @staticmethod
    def call(circuit, what):
        try:
            with circuit:
                if what != "ok":
                    raise RAISED[what]()
        except CircuitOpenError:
            return "-"
        except (Failure, Ignored):
            pass
        return "+"

    def begin(self, circuit, number):
        try:
            circuit.test()
        except CircuitOpenError:
            return "-"
        self.begun[number] = (circuit, getattr(circuit, "epoch", None))
        return "+"

    def end(self, number, outcome):
        circuit, epoch = self.begun.pop(number, (None, None))
        if isinstance(circuit, Mended):
            circuit.settle(epoch, outcome)
        elif circuit:
            report(circuit, outcome)


def main():
    for line in sys.stdin:
        trace = json.loads(line)
        player = Player(trace)
        verdicts = "".join(player.play(*step) for step in trace["steps"])
        answer = {"verdicts": verdicts, "circuits": len(player.breakers.circuits)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
