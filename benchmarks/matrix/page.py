from benchmarks.matrix.sources import ROOT
PLACE = ROOT / "docs" / "faults.md"
def written(*a): return "stub"
