#include "module.hpp"

#include <exception>
#include <string_view>

#include "arrays.hpp"
#include "linalg/checkpoint.hpp"

namespace ranef::binding {

namespace {

template <class T>
constexpr std::string_view kDeclared = "_d *";  // after the name of the module
template <>
constexpr std::string_view kDeclared<char*> = "char *";
template <>
constexpr std::string_view kDeclared<int*> = "int *";

// Whether a C declaration, for which Cython names its capsules, has these arguments.
template <class... Arguments>
bool declares(std::string_view text) {
  const auto next_is = [&text](std::string_view wanted) {
    const std::size_t begin = text.find_first_not_of(" (");
    const std::size_t end = text.find_first_of(",)");
    if (begin >= end || end == text.npos) return false;
    const std::string_view found = text.substr(begin, end - begin);
    text.remove_prefix(end + 1);
    return wanted.front() == '_' ? found.ends_with(wanted) : found == wanted;
  };
  constexpr std::string_view kResult = "void ";
  if (!text.starts_with(kResult)) return false;
  text.remove_prefix(kResult.size());
  return (next_is(kDeclared<Arguments>) && ...) && text.empty();
}

template <class... Arguments>
void take(void (*&target)(Arguments...), const nb::dict& table, const char* name) {
  const nb::capsule capsule = nb::cast<nb::capsule>(table[name]);
  const char* declared = capsule.name();
  if (declared == nullptr || !declares<Arguments...>(declared)) {
    throw nb::value_error("not the routine of this name");
  }
  target = reinterpret_cast<void (*)(Arguments...)>(PyCapsule_GetPointer(capsule.ptr(), declared));
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

  // Classes before the functions whose arguments they are.
  ranef::binding::bind_term(m);
  ranef::binding::bind_structure(m);
  ranef::binding::bind_residual(m);
  ranef::binding::bind_penalty(m);
  ranef::binding::bind_scaling(m);
  ranef::binding::bind_rows(m);
  ranef::binding::bind_cross_products(m);
  ranef::binding::bind_columns(m);
  ranef::binding::bind_scan(m);
  ranef::binding::bind_solved(m);
  ranef::binding::bind_workspace(m);
  ranef::binding::bind_channel(m);
  ranef::binding::bind_generalised_refits(m);
  ranef::binding::bind_generalised(m);
  ranef::binding::bind_replicates(m);
  ranef::binding::bind_family(m);
}
