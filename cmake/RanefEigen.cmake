# Target `ranef_eigen`: Eigen >= 3.4 as system headers.
#
# First choice: the PyPI package cmeel-eigen of the Python that builds (with or without build
# isolation). Second: an Eigen of the system, or EIGEN3_ROOT / CMAKE_PREFIX_PATH.
set(eigen_hint "")
if(Python_EXECUTABLE)
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -c
      "from importlib.metadata import distribution as d; print(d('cmeel-eigen').locate_file('cmeel.prefix'))"
    OUTPUT_VARIABLE eigen_hint
    OUTPUT_STRIP_TRAILING_WHITESPACE
    ERROR_QUIET)
endif()

find_package(Eigen3 CONFIG QUIET HINTS "${eigen_hint}")

if(NOT TARGET Eigen3::Eigen OR Eigen3_VERSION VERSION_LESS 3.4)
  message(FATAL_ERROR
    "ranef needs the headers of Eigen 3.4 or newer: pip install cmeel-eigen "
    "(or apt-get install libeigen3-dev, dnf install eigen3-devel, brew install eigen)")
endif()
message(STATUS "Eigen ${Eigen3_VERSION}: ${Eigen3_DIR}")

get_target_property(eigen_include Eigen3::Eigen INTERFACE_INCLUDE_DIRECTORIES)
add_library(ranef_eigen INTERFACE)
target_include_directories(ranef_eigen SYSTEM INTERFACE ${eigen_include})
target_compile_definitions(ranef_eigen INTERFACE EIGEN_MPL2_ONLY)
