#include "module.hpp"

#include <exception>

#include "arrays.hpp"
#include "checkpoint.hpp"

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

  // Ctrl-C has left Python's own error behind by the time a computation is given up.
  nb::register_exception_translator([](const std::exception_ptr& thrown, void*) {
    try {
      std::rethrow_exception(thrown);
    } catch (const ranef::Stopped&) {
      if (PyErr_Occurred() == nullptr) PyErr_SetNone(PyExc_KeyboardInterrupt);
    }
  });

  ranef::binding::bind_columns(m);
  ranef::binding::bind_cross_products(m);
  ranef::binding::bind_replicates(m);
  ranef::binding::bind_scaling(m);
  ranef::binding::bind_scan(m);
  ranef::binding::bind_solved(m);
  ranef::binding::bind_workspace(m);
}
