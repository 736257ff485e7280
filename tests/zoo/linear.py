"""Linear models of the zoo."""

from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.zoo import tables
from tests.zoo.specimen import Specimen

FAMILY = "linear models"
SPECIMENS: tuple[Specimen, ...] = (
    Specimen("linear regression", FAMILY, tables.diabetes, "target", LinearRegression),
    Specimen(
        "ridge after a scaler", FAMILY, tables.diabetes, "target", lambda: make_pipeline(StandardScaler(), Ridge())
    ),
    Specimen(
        "logistic regression of three classes", FAMILY, tables.wine, "target", lambda: LogisticRegression(max_iter=200)
    ),
)
