# Compiler, linker and hardening flags shared by every target.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "Kontor is built with clang++-19: g++ 12 miscompiles coroutines (docs/decisions/0001-compiler.md). "
                      "Configure through a preset or with -DCMAKE_CXX_COMPILER=clang++-19.")
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-missing-designated-field-initializers -Werror -fno-omit-frame-pointer
                    -fstack-protector-strong)
add_compile_definitions(BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
                        BOOST_ALL_NO_LIB)
add_link_options(-pie -Wl,-z,relro,-z,now)

if(KONTOR_SANITIZE)
  add_compile_options(-fsanitize=${KONTOR_SANITIZE} -fno-sanitize-recover=all)
  if(KONTOR_SANITIZE MATCHES "undefined")
    # It takes libstdc++'s own error categories for objects of another type.
    add_compile_options(-fno-sanitize=vptr)
  endif()
  add_link_options(-fsanitize=${KONTOR_SANITIZE})
elseif(CMAKE_BUILD_TYPE MATCHES "Rel")
  add_compile_definitions(_FORTIFY_SOURCE=3)
endif()
if(KONTOR_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
