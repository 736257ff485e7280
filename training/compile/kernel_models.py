"""Compile what is made of kernels with rows of training: approximations, projections, ridge, label propagation."""

from typing import Any

import numpy

from training.compile.answers import answer_values
from training.compile.blocks import Answer, Block, read_classes
from training.compile.curves import divide_blocks
from training.compile.gaussian_kernels import compute_any_kernel
from training.compile.kernels import compute_kernel, make_rows, prepare_double, weigh
from training.compile.neighbours import find_nearest
from training.compile.program import Program


def compile_nystroem(program: Program, sampler: Any, block: Block) -> Block:
    """Compile a Nystroem: the kernel of the row with each of `components_`, times a matrix."""
    block = prepare_double(program, sampler, block)
    given = {name: getattr(sampler, name) for name in ("gamma", "coef0", "degree")}
    parameters = {
        **(sampler.kernel_params or {}),
        **{name: value for name, value in given.items() if value is not None},
    }
    kernel = compute_any_kernel(program, sampler.kernel, parameters, make_rows(sampler.components_), block)
    return weigh(program, kernel, numpy.asarray(sampler.normalization_).T)


def compile_kernel_pca(program: Program, pca: Any, block: Block) -> Block:
    """Compile a KernelPCA: the centered kernel, times the scaled eigenvectors."""
    block = prepare_double(program, pca, block)
    values, vectors = numpy.asarray(pca.eigenvalues_), numpy.asarray(pca.eigenvectors_)
    scaled = vectors / numpy.sqrt(numpy.where(values == 0, numpy.inf, values))
    # `gamma_` is new in release 1.2.
    parameters = {"gamma": getattr(pca, "gamma_", pca.gamma), "degree": pca.degree, "coef0": pca.coef0}
    kernel = compute_any_kernel(program, pca.kernel, parameters, make_rows(pca.X_fit_), block)
    # The mean of each column and that of the row are subtracted, and the mean of all is added.
    total = weigh(program, kernel, numpy.ones(len(vectors)))
    mean = program.multiply(program.divide(total, float(len(vectors))), -1.0)
    centered = program.subtract(kernel, pca._centerer.K_fit_rows_)
    centered = program.sum([centered, program.take(mean, [0] * len(vectors))])
    return weigh(program, program.add_numbers(centered, pca._centerer.K_fit_all_), scaled)


def compile_kernel_ridge(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a KernelRidge: a weighted sum of kernels."""
    rows = make_rows(estimator.X_fit_)
    weights = numpy.asarray(estimator.dual_coef_, dtype=float).reshape(len(rows), -1)
    parameters = {name: getattr(estimator, name) for name in ("gamma", "coef0", "degree")}
    kernel = compute_any_kernel(program, estimator.kernel, parameters, rows, prepare_double(program, estimator, block))
    return answer_values(program, weigh(program, kernel, weights))


def compile_label_propagation(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a LabelPropagation or LabelSpreading: the labels of rows of training, weighed by a kernel or by none."""
    labels = numpy.asarray(estimator.label_distributions_)
    if estimator.kernel == "knn":
        count = int(estimator.n_neighbors)
        _, found = find_nearest(program, estimator.nn_fit, block, labels, count)
        sums = program.multiply_matrix(found, numpy.repeat(numpy.eye(labels.shape[1]), count, axis=0))
    else:
        block = prepare_double(program, estimator, block)
        kernel = compute_kernel(program, estimator.kernel, {"gamma": estimator.gamma}, make_rows(estimator.X_), block)
        sums = weigh(program, kernel, labels)
    total = weigh(program, sums, numpy.ones(sums.width))
    shares = divide_blocks(program, sums, program.take(total, [0] * sums.width))
    return Answer(None, read_classes(estimator), program.make_argmax(shares), shares)
