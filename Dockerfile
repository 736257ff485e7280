# The Lambda image. Works with Docker's classic builder, which `sam build` uses: no RUN --mount.
# Two targets: `data`, the default, runs bundles whose model is data, a flat program; `full` has scikit-learn, scipy,
# pandas and joblib, too, and runs every bundle. Every layer rests on the one above: libraries, the model, the code.
ARG PYTHON_IMAGE=python:3.13-slim-bookworm

# What Lambda imports, compiled. Lambda's file system is read-only: bytecode that is missing, or that looks stale because
# a file's time was changed on the way, is compiled again at every cold start. unchecked-hash looks at no time.
FROM ${PYTHON_IMAGE} AS data-libraries
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
COPY function/runtimes/data.txt tools/strip.py /build/
RUN python -m pip install --quiet --require-hashes --only-binary=:all: --no-compile --target /opt/libraries \
      --requirement /build/data.txt \
 && cd /opt/libraries \
 # What nothing here loads: libraries' own tests (numpy.testing imports one module of numpy's), headers, the parts of
 # Arrow beside Parquet, CSV and its functions, and boto3's descriptions of the services that this function never calls.
 && find . -type d -name tests -not -path './numpy/*' -prune -exec rm -rf {} + \
 && find numpy -type f -path '*/tests/*' -not -name __init__.py -not -name _natype.py -delete \
 && find . -type f '(' -name '*.pyi' -o -name '*.px[di]' -o -name '*.pyx' -o -name '*.a' ')' -delete \
 && rm -rf bin numpy/_core/include && cd pyarrow \
 && rm -rf include src libarrow_flight* libarrow_python_* libarrow_python.so libarrow_python.so.*.*.* \
      _acero* _azurefs* _dataset_orc* _*encryption* _feather* _flight* _gcsfs* _hdfs* _orc* _pyarrow_cpp_tests* _s3fs* \
      libarrow_s3* _substrait* && cd .. \
 && find botocore/data boto3/data -mindepth 1 -maxdepth 1 -type d -not -name s3 -not -name sqs -not -name sts \
      -not -name lambda -not -name codedeploy -exec rm -rf {} + \
 && python -B /build/strip.py . \
 && python -B -m compileall -qf --invalidation-mode unchecked-hash .

FROM data-libraries AS full-libraries
COPY function/requirements.txt /build/
# Each release is installed once: what data.txt has is there already, of the same hashes.
RUN python -m pip install --quiet --require-hashes --only-binary=:all: --no-compile --target /opt/more --no-deps \
      --requirement /build/requirements.txt \
 && cd /opt/more && for package in *; do test -e /opt/libraries/$package || cp -a $package /opt/libraries/; done \
 && rm -rf /opt/more && cd /opt/libraries && rm -rf bin \
 && find pandas scipy sklearn joblib -type d -name tests -prune -exec rm -rf {} + \
 && find . -type f '(' -name '*.pyi' -o -name '*.px[di]' -o -name '*.pyx' -o -name '*.a' ')' -delete \
 && python -B /build/strip.py . \
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
# Nothing is installed in an image, nobody logs in, and no file system is made or mounted. dpkg's list stays right. What
# strip.py cuts off is for linkers and debuggers.
FROM ${PYTHON_IMAGE} AS system
COPY tools/strip.py /tmp/
RUN DEBIAN_FRONTEND=noninteractive dpkg --purge --force-all adduser apt bsdutils debconf debian-archive-keyring \
      e2fsprogs gpgv libapt-pkg6.0 libgcrypt20 libgnutls30 libgpg-error0 libhogweed6 libidn2-0 libnettle8 libp11-kit0 \
      libsystemd0 libtasn1-6 libudev1 libunistring2 login logsave mount passwd perl-base util-linux \
      >/tmp/purged 2>&1 || { cat /tmp/purged; exit 1; } \
 && cd "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
 && python -B /tmp/strip.py /usr/local/lib \
 && rm -rf site-packages/* ensurepip idlelib test tkinter turtledemo pydoc_data config-* lib-dynload/_test* \
      lib-dynload/_tkinter* /usr/local/include /usr/lib/*/gconv /usr/share/doc /usr/share/man /usr/share/locale \
      /usr/share/info /usr/share/perl5 /var/cache/* /var/lib/apt /tmp/* \
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

FROM runtime AS full
COPY --from=full-libraries /opt/libraries /opt/libraries
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

# The last stage, since it refuses bundles that `full` takes: the classic builder makes every stage before the one that it
# is asked for.
FROM runtime AS data
COPY --from=data-libraries /opt/libraries /opt/libraries
COPY --from=bundle /build/model ./model
COPY function ./function
RUN python -B -m compileall -qf --invalidation-mode unchecked-hash function \
 && python -m function verify --record verified.json
ARG RUN_AS=993:990
USER ${RUN_AS}
