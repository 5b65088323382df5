"""Writes the .npy files beside this script: python3 make_fixtures.py (numpy 2.4)."""

import numpy as np
from numpy.lib import format as npy

shape = (2, 3, 4)
whole = (np.arange(24) * 5 + 3).reshape(shape)

for code in ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4"]:
    np.save(f"{code}-little.npy", whole.astype("<" + code))
for code in ["f2", "f4", "f8", "i2", "i4", "i8", "u2", "u4"]:
    np.save(f"{code}-big.npy", whole.astype(">" + code))
np.save("b1.npy", whole % 3 == 0)
np.save("fortran-f4.npy", np.asfortranarray(whole.astype("<f4")))
np.save("fortran-i8-big.npy", np.asfortranarray(whole.astype(">i8")))
np.save("scalar.npy", np.float64(-2.5))
np.save("vector.npy", np.array([np.nan, np.inf, -0.0]))
np.save("empty.npy", np.zeros((0, 3)))
for major in [2, 3]:
    with open(f"version{major}.npy", "wb") as file:
        npy.write_array(file, whole.astype("<f8"), version=(major, 0))
with open("pickle.npy", "wb") as file:
    npy.write_array(file, np.array([None, "x"], dtype=object))
np.save("record.npy", np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")]))
np.save("complex.npy", np.zeros(2, dtype="<c8"))
