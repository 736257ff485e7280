"""Give models of XGBoost, LightGBM and CatBoost the interface of scikit-learn's estimators.

training.compile finds these classes by their names. Libraries are imported where they are called, because a user needs
only that of the own model.
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from training.errors import TrainingError
from training.estimators.fitted_columns import FittedColumn
from training.estimators.native_tables import (
    Categories,
    describe_columns,
    restore_categories,
    restore_whole_numbers,
)


class _Adapted(BaseEstimator):  # type: ignore[misc]
    """An estimator of one of the libraries, bare or at the end of a pipeline.

    Its input gets pandas' categories again, or whole numbers in the columns `codes`; labels become one column.
    """

    def __init__(self, estimator_: Any, categories: Categories, codes: Sequence[int] = ()) -> None:
        self.estimator_ = estimator_
        self.categories = categories
        self.codes = codes

    def predict(self, table: Any) -> Any:
        """Predict a value or label for each row; several values if it was trained for several targets."""
        predicted = numpy.asarray(self.estimator_.predict(self._convert(table)))
        return numpy.ravel(predicted) if predicted.shape[1:] in ((), (1,)) else predicted

    def describe_columns(self, count: int) -> list[FittedColumn] | None:
        """Describe what is known of each column; None if it is nothing."""
        if self.codes:
            return [FittedColumn(is_used=True, is_category=place in self.codes) for place in range(count)]
        return describe_columns(self.categories, count)

    def _convert(self, table: Any) -> Any:
        return restore_whole_numbers(restore_categories(table, self.categories), self.codes)


class AdaptedRegressor(RegressorMixin, _Adapted):  # type: ignore[misc]
    """A regressor or ranker."""


class AdaptedClassifier(ClassifierMixin, _Adapted):  # type: ignore[misc]
    """A classifier."""

    @property
    def classes_(self) -> Any:
        """The labels in order."""
        return numpy.asarray(self.estimator_.classes_)

    def predict_proba(self, table: Any) -> Any:
        """Predict the probabilities of each row."""
        return self.estimator_.predict_proba(self._convert(table))


class _XGBoost(BaseEstimator):  # type: ignore[misc]
    """A Booster of XGBoost; `is_best` says that training stopped early, and the best rounds alone predict.

    `shares` is the same model where its objective gives the probabilities of classes, which multi:softmax does not.
    """

    def __init__(self, booster: Any, shares: Any, categories: Categories, *, is_best: bool) -> None:
        self.booster = booster
        self.shares = shares
        self.categories = categories
        self.is_best = is_best

    @property
    def feature_names_in_(self) -> Any:
        """The names of the columns, if training had some."""
        if self.booster.feature_names is None:
            raise AttributeError("it was trained on columns without names")
        return numpy.array(self.booster.feature_names, dtype=object)

    @property
    def n_features_in_(self) -> int:
        """The number of columns."""
        return int(self.booster.num_features())

    def describe_columns(self, count: int) -> list[FittedColumn] | None:
        """Describe what is known of each column; None if it is nothing."""
        return describe_columns(self.categories, count)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def _predict(self, booster: Any, table: Any) -> Any:
        from xgboost import DMatrix

        table = restore_categories(table, self.categories) if self.categories else self._make_numbers(table)
        matrix = DMatrix(table, enable_categorical=True, nthread=1)
        best = booster.attributes().get("best_iteration") if self.is_best else None
        rounds = (0, 0) if best is None else (0, int(best) + 1)
        return booster.predict(matrix, iteration_range=rounds, validate_features=False)

    def _make_numbers(self, table: Any) -> Any:
        try:
            return numpy.asarray(table, dtype=float)
        except ValueError:
            if "c" not in (self.booster.feature_types or ()):
                raise
        raise TrainingError(
            "The model was trained with pandas' categories by XGBoost before 3.1, which does not keep them: train it "
            "again with a newer release, or give a table with the categories' codes."
        )


class XGBoostRegressor(RegressorMixin, _XGBoost):  # type: ignore[misc]
    """A Booster that predicts a number."""

    def predict(self, table: Any) -> Any:
        """Predict a value for each row."""
        return self._predict(self.booster, table)


class XGBoostClassifier(ClassifierMixin, _XGBoost):  # type: ignore[misc]
    """A Booster that predicts classes, whose labels are 0, 1, 2 and so on."""

    @property
    def classes_(self) -> Any:
        """The labels in order."""
        count = int(json.loads(self.booster.save_config())["learner"]["learner_model_param"]["num_class"])
        return numpy.arange(max(count, 2))

    def predict(self, table: Any) -> Any:
        """Predict a label for each row."""
        predicted = self._predict(self.booster, table)
        if predicted.ndim > 1:
            return predicted.argmax(axis=1)
        is_label = self.booster is not self.shares
        return predicted.astype(int) if is_label else (predicted > 0.5).astype(int)

    def predict_proba(self, table: Any) -> Any:
        """Predict the probabilities of each row."""
        predicted = self._predict(self.shares, table)
        return predicted if predicted.ndim > 1 else numpy.column_stack([1 - predicted, predicted])


class _LightGBM(BaseEstimator):  # type: ignore[misc]
    """A Booster of LightGBM."""

    def __init__(self, booster_: Any, categories: Categories) -> None:
        self.booster_ = booster_
        self.categories = categories

    @property
    def feature_names_in_(self) -> Any:
        """The names of the columns, if training had some."""
        names = self.booster_.feature_name()
        if names == [f"Column_{place}" for place in range(len(names))]:
            raise AttributeError("it was trained on columns without names")
        return numpy.array(names, dtype=object)

    @property
    def n_features_in_(self) -> int:
        """The number of columns."""
        return int(self.booster_.num_feature())

    def describe_columns(self, count: int) -> list[FittedColumn] | None:
        """Describe what is known of each column; None if it is nothing."""
        return describe_columns(self.categories, count)

    def _predict(self, table: Any) -> Any:
        table = restore_categories(table, self.categories)
        return self.booster_.predict(table, num_threads=1)


class LightGBMRegressor(RegressorMixin, _LightGBM):  # type: ignore[misc]
    """A Booster that predicts a number."""

    def predict(self, table: Any) -> Any:
        """Predict a value for each row."""
        return self._predict(table)


class LightGBMClassifier(ClassifierMixin, _LightGBM):  # type: ignore[misc]
    """A Booster that predicts classes, whose labels are 0, 1, 2 and so on."""

    @property
    def classes_(self) -> Any:
        """The labels in order."""
        return numpy.arange(max(int(self.booster_.num_model_per_iteration()), 2))

    def predict(self, table: Any) -> Any:
        """Predict a label for each row."""
        return self.predict_proba(table).argmax(axis=1)

    def predict_proba(self, table: Any) -> Any:
        """Predict the probabilities of each row."""
        predicted = self._predict(table)
        return predicted if predicted.ndim > 1 else numpy.column_stack([1 - predicted, predicted])
