#include <nanobind/nanobind.h>

namespace nb = nanobind;

NB_MODULE(_core, m) {
  m.doc() = "The compiled core of ranef.";
  m.def("version", [] { return RANEF_VERSION; }, "Version of ranef this core was built for.");
}
