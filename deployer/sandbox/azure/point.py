"""The points of a metric series, written as Monitor writes them: one number for each aggregation that was asked for."""

from collections.abc import Iterable, Sequence

from deployer.sandbox.azure.series import Grains

AGGREGATIONS = ("Average", "Count", "Maximum", "Minimum", "Total")


class Points:
    """Writes the points of series over the same grains; equal series are written once.

    Only sums are kept of what was called, so the extremes of a grain are told as its mean.
    """

    def __init__(self, grains: Grains, aggregations: Sequence[str], *, nulls: bool) -> None:
        self._starts = grains.printed()
        self._names = [name.lower() for name in aggregations]
        self._known = 0 if nulls else grains.known
        self._heads = [f'{{"timeStamp":"{start}"' for start in self._starts]
        self._nulls = [f"{head}}}" for head in self._heads[self._known :]]
        self._written: dict[tuple[float, ...], bytes] = {}

    def write(self, sums: Sequence[float], counts: Sequence[int]) -> bytes:
        """A grain in which nothing was emitted has a sum of 0 and no mean."""
        key = tuple(sums) if self._names == ["total"] else (*sums, *counts)
        found = self._written.get(key)
        if found is None:
            told = zip(self._heads[: self._known], self._told(sums, counts), strict=False)
            points = [f"{head}{numbers}}}" for head, numbers in told]
            found = self._written[key] = ",".join(points + self._nulls).encode()
        return found

    def _told(self, sums: Sequence[float], counts: Sequence[int]) -> Iterable[str]:
        if self._names == ["total"]:
            return [f',"total":{float(total)}' for total in sums]
        return map(self._all_told, sums, counts)

    def _all_told(self, total: float, count: int) -> str:
        mean = total / count if count else 0.0
        values = {"total": total, "count": count}
        return "".join(f',"{name}":{float(values.get(name, mean))}' for name in self._names)
