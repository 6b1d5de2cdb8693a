#include "module.hpp"

#include "arrays.hpp"

namespace ranef::binding {

namespace {

template <class Function>
void take(Function& target, const nb::dict& table, const char* name) {
  nb::capsule capsule = nb::cast<nb::capsule>(table[name]);
  target = reinterpret_cast<Function>(
      PyCapsule_GetPointer(capsule.ptr(), PyCapsule_GetName(capsule.ptr())));
}

// Takes BLAS and LAPACK from SciPy's Cython interface (the __pyx_capi__ dictionaries).
void use_blas(const nb::dict& blas, const nb::dict& lapack) {
  ranef::BlasTable table;
  take(table.dgemm, blas, "dgemm");
  take(table.dsymm, blas, "dsymm");
  take(table.dtrsm, blas, "dtrsm");
  take(table.dsyrk, blas, "dsyrk");
  take(table.dpotrf, lapack, "dpotrf");
  ranef::set_blas(table);
}

}  // namespace

}  // namespace ranef::binding

namespace nb = nanobind;
using namespace nb::literals;

NB_MODULE(_core, m) {
  m.doc() = "The compiled core of ranef.";
  m.def("version", [] { return RANEF_VERSION; }, "Version of ranef this core was built for.");
  m.def("use_blas", &ranef::binding::use_blas, "blas"_a, "lapack"_a,
        "Take BLAS and LAPACK from SciPy's __pyx_capi__ dictionaries.");

  ranef::binding::bind_columns(m);
  ranef::binding::bind_cross_products(m);
  ranef::binding::bind_replicates(m);
  ranef::binding::bind_scaling(m);
  ranef::binding::bind_scan(m);
  ranef::binding::bind_solved(m);
  ranef::binding::bind_workspace(m);
}
