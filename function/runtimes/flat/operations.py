"""Find the operation of a step by its name. A family of operations is imported when a program has one of them."""

from function.runtimes.flat.file import Step
from function.runtimes.flat.operation import Operation


def create_operation(step: Step) -> Operation:  # noqa: PLR0912  (a visible list of families)
    """Create the operation of a step. Raises ValueError, KeyError or TypeError for a step that is none of ours."""
    match step.op:
        case "take" | "join" | "number" | "fill" | "is_null" | "replace_zeros" | "round" | "refuse":
            from function.runtimes.flat import columns

            return columns.OPERATIONS[step.op](step)
        case "subtract" | "divide" | "multiply" | "add" | "apply" | "clip" | "sum" | "matrix":
            from function.runtimes.flat import arithmetic

            return arithmetic.OPERATIONS[step.op](step)
        case "code" | "map" | "indicate":
            from function.runtimes.flat import categories

            return categories.OPERATIONS[step.op](step)
        case "normalize" | "power":
            from function.runtimes.flat import scaling

            return scaling.OPERATIONS[step.op](step)
        case "bins" | "interpolate":
            from function.runtimes.flat import bins

            return bins.OPERATIONS[step.op](step)
        case "products" | "splines":
            from function.runtimes.flat import polynomials

            return polynomials.OPERATIONS[step.op](step)
        case "erase" | "refuse_null" | "patch":
            from function.runtimes.flat import nulls

            return nulls.OPERATIONS[step.op](step)
        case "regress" | "neighbours":
            from function.runtimes.flat import imputing

            return imputing.OPERATIONS[step.op](step)
        case "trees":
            from function.runtimes.flat import trees

            return trees.Trees(step)
        case "median":
            from function.runtimes.flat import medians

            return medians.Median(step)
        case "linear_trees":
            from function.runtimes.flat import linear_trees

            return linear_trees.LinearTrees(step)
        case "oblivious":
            from function.runtimes.flat import oblivious

            return oblivious.Oblivious(step)
        case "hash" | "ctr":
            from function.runtimes.flat import hashes

            return hashes.OPERATIONS[step.op](step)
        case "sigmoid" | "logistic" | "softmax" | "log_softmax" | "argmax" | "sign" | "couple":
            from function.runtimes.flat import links

            return links.OPERATIONS[step.op](step)
        case "single" | "single_matrix" | "single_exp" | "single_sigmoid" | "single_softmax" | "single_complement":
            from function.runtimes.flat import singles

            return singles.OPERATIONS[step.op](step)
        case "curve" | "raise":
            from function.runtimes.flat import curves

            return curves.OPERATIONS[step.op](step)
        case "share" | "ratio" | "inverse":
            from function.runtimes.flat import shares

            return shares.OPERATIONS[step.op](step)
        case "distances":
            from function.runtimes.flat import distances

            return distances.Distances(step)
        case "nearest":
            from function.runtimes.flat import nearest

            return nearest.Nearest(step)
        case "terms" | "hashed_terms":
            from function.runtimes.flat import texts

            return texts.OPERATIONS[step.op](step)
        case "packed_apply" | "packed_normalize" | "packed_refuse" | "packed_round" | "packed_sign":
            from function.runtimes.flat import packed

            of_columns = step._replace(op=step.op.removeprefix("packed_"), widths=(1,))
            return packed.OnNumbers(step, create_operation(of_columns))
        case "pack" | "unpack" | "packed_multiply" | "packed_take" | "packed_join" | "packed_matrix":
            from function.runtimes.flat import packed

            return packed.OPERATIONS[step.op](step)
        case _:
            raise ValueError("no operation has this name")
