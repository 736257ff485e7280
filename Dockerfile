# The Lambda image. Works with Docker's classic builder, which `sam build` uses: no RUN --mount.
# Two targets: `full`, the last and so the default, runs every bundle; `slim` has no scikit-learn, scipy and pandas, and
# runs those that have a flat artifact. Every layer rests on the one above: libraries, the model, the code.
ARG PYTHON_IMAGE=python:3.13-slim-bookworm

# What Lambda imports, compiled. Lambda's file system is read-only: bytecode that is missing, or that looks stale because
# a file's time was changed on the way, is compiled again at every cold start. unchecked-hash looks at no time.
FROM ${PYTHON_IMAGE} AS slim-libraries
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
COPY function/runtimes/data.txt /build/
RUN python -m pip install --quiet --require-hashes --only-binary=:all: --no-compile --target /opt/libraries \
      --requirement /build/data.txt \
 && cd /opt/libraries \
 # What nothing here loads: libraries' own tests (numpy's stay: numpy.testing imports some of them), headers, the parts
 # of Arrow beside Parquet, CSV and its functions, and boto3's descriptions of the services that this function never
 # calls.
 && find . -type d -name tests -not -path './numpy/*' -prune -exec rm -rf {} + \
 && find . -type f '(' -name '*.pyi' -o -name '*.pxd' -o -name '*.pyx' -o -name '*.a' ')' -delete \
 && rm -rf bin numpy/_core/include pyarrow/include pyarrow/src pyarrow/libarrow_flight* pyarrow/libarrow_python_flight* \
      pyarrow/_flight* pyarrow/libarrow_s3* pyarrow/_s3fs* pyarrow/libarrow_python.so pyarrow/libarrow_python.so.*.*.* \
 && find botocore/data boto3/data -mindepth 1 -maxdepth 1 -type d -not -name s3 -not -name sqs -not -name sts \
      -not -name lambda -not -name codedeploy -exec rm -rf {} + \
 && python -B -m compileall -qf --invalidation-mode unchecked-hash .

FROM slim-libraries AS full-libraries
COPY function/requirements.txt /build/
# Each release is installed once: what data.txt has is there already, of the same hashes.
RUN python -m pip install --quiet --require-hashes --only-binary=:all: --no-compile --target /opt/more --no-deps \
      --requirement /build/requirements.txt \
 && cd /opt/more && for package in *; do test -e /opt/libraries/$package || cp -a $package /opt/libraries/; done \
 && rm -rf /opt/more && cd /opt/libraries && rm -rf bin \
 && find pandas scipy sklearn joblib -type d -name tests -prune -exec rm -rf {} + \
 && find . -type f '(' -name '*.pyi' -o -name '*.pxd' -o -name '*.pyx' -o -name '*.a' ')' -delete \
 && python -B -m compileall -qf --invalidation-mode unchecked-hash .

# The bundle of model/ or, where there is none, the example. [l] makes the folder optional.
FROM ${PYTHON_IMAGE} AS bundle
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY pyproject.toml mode[l] ./model/
COPY training/requirements.txt ./training/
RUN if [ ! -e model/manifest.json ]; then \
      python -m pip install --quiet --require-hashes --only-binary=:all: --requirement training/requirements.txt; fi
COPY training ./training
COPY function ./function
RUN rm model/pyproject.toml \
 && if [ -e model/manifest.json ]; then echo "taking the bundle in model/"; \
    else rmdir model && python -m training --out model; fi

# The base without what is never used here: a later layer cannot make it smaller, so it is copied whole into a new one.
FROM ${PYTHON_IMAGE} AS system
RUN cd "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
 && rm -rf site-packages/* ensurepip idlelib test tkinter turtledemo pydoc_data config-* /usr/local/include \
      /usr/share/doc /usr/share/man /usr/share/locale /usr/share/info /var/cache/apt /var/lib/apt \
 && find . -name __pycache__ -prune -exec rm -rf {} + \
 && python -B -m compileall -qf --invalidation-mode unchecked-hash .

FROM scratch AS runtime
COPY --from=system / /
WORKDIR /var/task
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=C.UTF-8 \
    PYTHONPATH=/opt/libraries \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    # For `serve`: a container listens for those outside of it.
    HOST=0.0.0.0 \
    # Lambda has no /dev/shm, where joblib would look for semaphores.
    JOBLIB_MULTIPROCESSING=0 \
    # One request at a time: threads would only be started, and wait. Files are scored by threads of the function's own.
    OMP_NUM_THREADS=1 \
    OPENBLAS_NUM_THREADS=1
# Nothing that is done at import must be unique per environment (no seeds, ids or connections): SnapStart may restore it
# many times. The label is what Lambda asks of images.
LABEL com.amazonaws.lambda.feature.snapstart="Allow"
# awslambdaric where Lambda's runtime API is, else the command line: predict, serve, verify.
ENTRYPOINT ["python", "-m", "function"]

FROM runtime AS slim
COPY --from=slim-libraries /opt/libraries /opt/libraries
COPY --from=bundle /build/model ./model
COPY function ./function
# A bundle that does not load and predict here, with these libraries, never becomes an image. What is verified is
# recorded, so that no start reads through it again.
RUN python -B -m compileall -qf --invalidation-mode unchecked-hash function \
 && python -m function verify --record verified.json
# As in Lambda, which runs every image, whatever USER says, under a user of its own that has no name. `sam local` adds its
# emulator to the image as the image's user: template.yaml sets root for that.
ARG RUN_AS=993:990
USER ${RUN_AS}

FROM runtime AS full
COPY --from=full-libraries /opt/libraries /opt/libraries
COPY --from=bundle /build/model ./model
COPY function ./function
RUN python -B -m compileall -qf --invalidation-mode unchecked-hash function \
 && python -m function verify --record verified.json
ARG RUN_AS=993:990
USER ${RUN_AS}
