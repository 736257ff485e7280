"""The table of what is compiled: the public name of a class → its compile function.

To add an estimator: write a function in the module of its family, and add its line here, and its row in tests/zoo.
"""

from training.compile import categories, histogram, linear, numbers, structure, trees, xgboost_models
from training.compile.program import Heads, Transformers

TRANSFORMERS: Transformers = {
    "sklearn.pipeline.Pipeline": structure.compile_pipeline_transform,
    "sklearn.pipeline.FeatureUnion": structure.compile_union,
    "sklearn.compose.ColumnTransformer": structure.compile_column_transformer,
    "sklearn.frozen.FrozenEstimator": structure.compile_frozen_transform,
    "sklearn.model_selection.GridSearchCV": structure.compile_best_transform,
    "sklearn.model_selection.HalvingGridSearchCV": structure.compile_best_transform,
    "sklearn.model_selection.HalvingRandomSearchCV": structure.compile_best_transform,
    "sklearn.model_selection.RandomizedSearchCV": structure.compile_best_transform,
    "sklearn.preprocessing.FunctionTransformer": numbers.compile_function_transformer,
    "sklearn.preprocessing.MinMaxScaler": numbers.compile_min_max_scaler,
    "sklearn.preprocessing.StandardScaler": numbers.compile_standard_scaler,
    "sklearn.impute.SimpleImputer": numbers.compile_simple_imputer,
    "sklearn.preprocessing.OneHotEncoder": categories.compile_one_hot,
    "sklearn.preprocessing.OrdinalEncoder": categories.compile_ordinal,
    "sklearn.preprocessing.TargetEncoder": categories.compile_target_encoder,
}

HEADS: Heads = {
    "sklearn.pipeline.Pipeline": structure.compile_pipeline,
    "sklearn.frozen.FrozenEstimator": structure.compile_frozen,
    "sklearn.model_selection.GridSearchCV": structure.compile_best,
    "sklearn.model_selection.HalvingGridSearchCV": structure.compile_best,
    "sklearn.model_selection.HalvingRandomSearchCV": structure.compile_best,
    "sklearn.model_selection.RandomizedSearchCV": structure.compile_best,
    "sklearn.linear_model.ElasticNet": linear.compile_linear_regressor,
    "sklearn.linear_model.ElasticNetCV": linear.compile_linear_regressor,
    "sklearn.linear_model.Lasso": linear.compile_linear_regressor,
    "sklearn.linear_model.LassoCV": linear.compile_linear_regressor,
    "sklearn.linear_model.LinearRegression": linear.compile_linear_regressor,
    "sklearn.linear_model.LogisticRegression": linear.compile_logistic_regression,
    "sklearn.linear_model.LogisticRegressionCV": linear.compile_logistic_regression,
    "sklearn.linear_model.Ridge": linear.compile_linear_regressor,
    "sklearn.linear_model.RidgeCV": linear.compile_linear_regressor,
    "sklearn.tree.DecisionTreeClassifier": trees.compile_tree,
    "sklearn.tree.DecisionTreeRegressor": trees.compile_tree,
    "sklearn.tree.ExtraTreeClassifier": trees.compile_tree,
    "sklearn.tree.ExtraTreeRegressor": trees.compile_tree,
    "sklearn.ensemble.ExtraTreesClassifier": trees.compile_forest,
    "sklearn.ensemble.ExtraTreesRegressor": trees.compile_forest,
    "sklearn.ensemble.RandomForestClassifier": trees.compile_forest,
    "sklearn.ensemble.RandomForestRegressor": trees.compile_forest,
    "sklearn.ensemble.GradientBoostingClassifier": trees.compile_boosted,
    "sklearn.ensemble.GradientBoostingRegressor": trees.compile_boosted,
    "sklearn.ensemble.HistGradientBoostingClassifier": histogram.compile_histogram,
    "sklearn.ensemble.HistGradientBoostingRegressor": histogram.compile_histogram,
    "training.estimators.native_models.AdaptedClassifier": structure.compile_adapted,
    "training.estimators.native_models.AdaptedRegressor": structure.compile_adapted,
    "training.estimators.native_models.XGBoostClassifier": xgboost_models.compile_native_classifier,
    "training.estimators.native_models.XGBoostRegressor": xgboost_models.compile_native_regressor,
    "xgboost.sklearn.XGBClassifier": xgboost_models.compile_classifier,
    "xgboost.sklearn.XGBRegressor": xgboost_models.compile_regressor,
    "xgboost.sklearn.XGBRanker": xgboost_models.compile_regressor,
    "xgboost.sklearn.XGBRFClassifier": xgboost_models.compile_classifier,
    "xgboost.sklearn.XGBRFRegressor": xgboost_models.compile_regressor,
}
