# kontor_room(PATH WITHOUT folder... USES room... HIDES room... LIBS lib... PRIVATE lib... TESTS room... BATCH n)
#
# Makes the library of the room src/PATH from all its .cc files, and PATH_test from its *_test.cc files.
#   WITHOUT  folders in it that are rooms of their own (scripts/house_rules.py says who may see their headers)
#   USES     rooms whose headers this room and everyone above it may include
#   HIDES    rooms used inside only: their headers stay out of reach for those above
#   TESTS    rooms that only its tests may see
#   LIBS     outside libraries that show in the room's headers;  PRIVATE: those that do not
#   BATCH    sources in one unity batch (12); fewer where coroutines make a batch dear to compile again
# A room exports one include folder that holds nothing but a link to itself: without the link line, an include of
# "room/x.h" does not compile.
include(CTest)
find_package(GTest REQUIRED)
include(GoogleTest)

# All headers that flatc makes: for tools that read sources without building them.
add_custom_target(generated_headers)

function(kontor_room path)
  cmake_parse_arguments(R "" "BATCH" "WITHOUT;USES;HIDES;LIBS;PRIVATE;TESTS" ${ARGN})
  if(NOT R_BATCH)
    set(R_BATCH 12)
  endif()
  string(REPLACE "/" "_" name ${path})
  set(dir ${CMAKE_SOURCE_DIR}/src/${path})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${dir}/*.cc)
  foreach(folder ${R_WITHOUT})
    list(FILTER sources EXCLUDE REGEX "^${dir}/${folder}/")
  endforeach()
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  file(GLOB_RECURSE schemas CONFIGURE_DEPENDS ${dir}/*.fbs)
  foreach(folder ${R_WITHOUT})
    list(FILTER schemas EXCLUDE REGEX "^${dir}/${folder}/")
  endforeach()

  get_filename_component(parent ${path} DIRECTORY)
  set(include_root ${CMAKE_BINARY_DIR}/rooms/${name})
  file(MAKE_DIRECTORY ${include_root}/${parent})
  file(CREATE_LINK ${dir} ${include_root}/${path} SYMBOLIC)

  set(generated)
  foreach(schema ${schemas})
    file(RELATIVE_PATH relative ${CMAKE_SOURCE_DIR}/src ${schema})
    get_filename_component(folder ${relative} DIRECTORY)
    get_filename_component(stem ${relative} NAME_WE)
    set(out ${CMAKE_BINARY_DIR}/generated/${name}/${folder}/${stem}_generated.h)
    add_custom_command(
      OUTPUT ${out}
      COMMAND flatc --cpp --cpp-std c++17 --scoped-enums --no-prefix -o ${CMAKE_BINARY_DIR}/generated/${name}/${folder} ${schema}
      DEPENDS ${schema} VERBATIM)
    list(APPEND generated ${out})
  endforeach()
  if(generated)
    add_custom_target(${name}_headers DEPENDS ${generated})
    add_dependencies(generated_headers ${name}_headers)
  endif()

  if(sources OR generated)
    add_library(${name} STATIC ${sources} ${generated})
    set(scope PUBLIC)
  else()
    add_library(${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${name} ${scope} ${include_root})
  if(generated)
    target_include_directories(${name} SYSTEM PUBLIC ${CMAKE_BINARY_DIR}/generated/${name})
  endif()
  target_link_libraries(${name} ${scope} ${R_USES} ${R_LIBS})
  if(KONTOR_BATCH)
    set(R_BATCH ${KONTOR_BATCH})
  endif()
  if(sources OR generated)
    target_link_libraries(${name} PRIVATE ${R_HIDES} ${R_PRIVATE})
    set_target_properties(${name} PROPERTIES UNITY_BUILD ${KONTOR_UNITY} UNITY_BUILD_BATCH_SIZE ${R_BATCH})
  endif()

  if(KONTOR_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${name} ${R_HIDES} ${R_PRIVATE} ${R_TESTS} GTest::gtest GTest::gtest_main)
    target_compile_definitions(${name}_test PRIVATE KONTOR_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    if(KONTOR_SANITIZE)
      # The tests' own code need not be quick, and optimising what sanitizers add to it takes most of their build.
      target_compile_options(${name}_test PRIVATE -O0)
    endif()
    set_target_properties(${name}_test PROPERTIES UNITY_BUILD ${KONTOR_UNITY} UNITY_BUILD_BATCH_SIZE 8)
    gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 300)
  endif()
endfunction()
