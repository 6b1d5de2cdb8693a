# ranef_warnings(target): the warnings that ranef's own code is held to.
function(ranef_warnings target)
  if(MSVC)
    target_compile_options(${target} PRIVATE /W4 $<$<BOOL:${RANEF_WERROR}>:/WX>)
  else()
    target_compile_options(${target} PRIVATE
      -Wall -Wextra -Wpedantic -Wconversion $<$<BOOL:${RANEF_WERROR}>:-Werror>)
  endif()
endfunction()
