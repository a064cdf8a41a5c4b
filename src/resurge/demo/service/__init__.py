"""The service that the demo protects: a training job, an inference server, a database, a data set.

It imports nothing of Resurge, as a stranger's service would not. Every program below computes with one
BLAS thread, so that the same inputs give the same bits: a sum split over two threads is rounded otherwise.
BLAS reads these settings when NumPy is first imported, and a package runs before its modules: hence here.
"""

import os

BLAS_THREADS = "1"
for _setting in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[_setting] = BLAS_THREADS
