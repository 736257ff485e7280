"""Write small estimators as older releases of scikit-learn pickle them; run it in an environment with such a release.

uv venv -p 3.11 /tmp/old && uv pip install -p /tmp/old/bin/python scikit-learn==1.2.2 'numpy<2'
/tmp/old/bin/python tests/unit/training/old_releases/make.py
"""

import pickle
from pathlib import Path

import joblib
import numpy
import sklearn
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

HERE = Path(__file__).parent
VALUES = numpy.arange(24.0).reshape(12, 2) % 7
NUMBERS, LABELS = VALUES.sum(axis=1), (VALUES[:, 0] > 3).astype(int)


def main() -> None:
    """Write one file per estimator, in several forms."""
    release = sklearn.__version__
    boosted = GradientBoostingClassifier(n_estimators=2, max_depth=1).fit(VALUES, LABELS)
    histogram = HistGradientBoostingRegressor(max_iter=2, min_samples_leaf=2).fit(VALUES, NUMBERS)
    forest = RandomForestRegressor(2, max_depth=2, random_state=0).fit(VALUES, NUMBERS)
    scaled = make_pipeline(StandardScaler(), Ridge()).fit(VALUES, NUMBERS)
    (HERE / f"boosted-{release}.pkl").write_bytes(pickle.dumps(boosted))
    (HERE / f"svc-{release}.pkl").write_bytes(pickle.dumps(SVC().fit(VALUES, LABELS), protocol=0))
    joblib.dump(histogram, HERE / f"histogram-{release}.joblib", compress=("xz", 3))
    joblib.dump(forest, HERE / f"forest-{release}.joblib", compress=("zlib", 3))
    joblib.dump(KNeighborsRegressor(2, algorithm="kd_tree").fit(VALUES, NUMBERS), HERE / f"neighbours-{release}.joblib")
    joblib.dump(scaled, HERE / f"scaled-{release}.joblib")


if __name__ == "__main__":
    main()
