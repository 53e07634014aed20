# The modules of src/ and the edges that may stand between them (docs/architecture.md draws them).

set(stockroom_warnings
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast
    -Woverloaded-virtual -Wnon-virtual-dtor -Wthread-safety -Werror)

# What each module may depend on directly. A module that is not listed here does not configure.
set(stockroom_edges_base "")
set(stockroom_edges_domain base)
set(stockroom_edges_contract domain)
set(stockroom_edges_telemetry base)
set(stockroom_edges_ports domain)
set(stockroom_edges_engine ports contract telemetry)
set(stockroom_edges_bus_memory ports telemetry)
set(stockroom_edges_bus_amqp ports contract telemetry)
set(stockroom_edges_store_format domain)
set(stockroom_edges_store_sqlite ports store_format telemetry)
set(stockroom_edges_store_postgres ports store_format telemetry)
set(stockroom_edges_ingress ports contract telemetry)
set(stockroom_edges_http base telemetry)
set(stockroom_edges_http_client base contract http)
set(stockroom_edges_runtime base telemetry)
set(stockroom_edges_gateway ports engine contract http http_client runtime)
set(stockroom_edges_catalogue ports engine contract ingress http runtime)
set(stockroom_edges_stock ports engine contract ingress http runtime)
set(stockroom_edges_orders ports engine contract ingress http runtime)
set(stockroom_edges_records ports engine contract ingress http runtime)
set(stockroom_edges_relay ports contract telemetry http runtime)
set(stockroom_edges_health ports engine contract ingress http http_client runtime)
set(stockroom_edges_generator contract http http_client runtime)
set(stockroom_edges_wiring
    bus_amqp store_postgres store_sqlite gateway catalogue stock orders records relay health
    generator engine ingress http http_client runtime)
set(stockroom_edges_stockroom
    wiring bus_memory store_sqlite gateway catalogue stock orders records health generator engine ingress
    contract http http_client runtime)

# stockroom_module(NAME
#     SOURCES  a.cpp …        compiled into the static library stockroom_NAME
#     DEPENDS  base …         other modules; each must be listed in stockroom_edges_NAME
#     LIBRARIES fmt::fmt …    third parties that the public headers need
#     PRIVATE_LIBRARIES …     third parties that only the sources need
#     TESTS    a_test.cpp …   one GoogleTest binary NAME_test, each test known to ctest)
# Public headers stand in include/stockroom/NAME/.
function(stockroom_module name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;LIBRARIES;PRIVATE_LIBRARIES;TESTS" ${ARGN})
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "module ${name}: what is ${arg_UNPARSED_ARGUMENTS}?")
    endif()
    if(NOT DEFINED stockroom_edges_${name})
        message(FATAL_ERROR "module ${name} is not in the table of cmake/StockroomModule.cmake")
    endif()
    foreach(dependency IN LISTS arg_DEPENDS)
        if(NOT dependency IN_LIST stockroom_edges_${name})
            message(FATAL_ERROR "module ${name} must not depend on ${dependency}")
        endif()
    endforeach()

    if(arg_SOURCES)
        add_library(stockroom_${name} STATIC ${arg_SOURCES})
        set(scope PUBLIC)
        target_compile_options(stockroom_${name} PRIVATE ${stockroom_warnings})
    else()
        add_library(stockroom_${name} INTERFACE)
        set(scope INTERFACE)
    endif()
    target_include_directories(stockroom_${name} ${scope} include)
    list(TRANSFORM arg_DEPENDS PREPEND stockroom_ OUTPUT_VARIABLE dependencies)
    target_link_libraries(stockroom_${name} ${scope} ${dependencies} ${arg_LIBRARIES})
    if(arg_PRIVATE_LIBRARIES)
        target_link_libraries(stockroom_${name} PRIVATE ${arg_PRIVATE_LIBRARIES})
    endif()

    if(arg_TESTS AND STOCKROOM_TESTS)
        stockroom_test(${name}_test SOURCES ${arg_TESTS} LIBRARIES stockroom_${name})
    endif()
endfunction()

# All that is shipped.
add_custom_target(programs)

# stockroom_service_program(NAME)
# The program of a service, stockroom-NAME, of the main.cpp in its folder.
function(stockroom_service_program name)
    add_executable(stockroom-${name} main.cpp)
    target_compile_options(stockroom-${name} PRIVATE ${stockroom_warnings})
    target_link_libraries(stockroom-${name} PRIVATE stockroom_wiring)
    target_link_options(stockroom-${name} PRIVATE LINKER:--as-needed)
    add_dependencies(programs stockroom-${name})
endfunction()

# stockroom_test(NAME SOURCES … LIBRARIES … [TIMEOUT SECONDS] [SERVERS])
# A GoogleTest binary NAME_test; every TEST in it is a test of ctest, named NAME.Suite.Case.
# SERVERS: they need RabbitMQ and PostgreSQL (cmake/TestServers.cmake).
function(stockroom_test name)
    cmake_parse_arguments(arg "SERVERS" "TIMEOUT" "SOURCES;LIBRARIES" ${ARGN})
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    add_executable(${name} ${arg_SOURCES})
    target_compile_options(${name} PRIVATE ${stockroom_warnings})
    target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} GTest::gtest_main GTest::gmock)
    include(GoogleTest)
    string(REGEX REPLACE "_test$" "" part ${name})
    gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 TEST_PREFIX "${part}."
        TEST_LIST ${name}_cases PROPERTIES TIMEOUT ${arg_TIMEOUT})
    if(arg_SERVERS)
        # In a script that ctest reads after the tests were found: PROPERTIES above takes no list.
        set(script ${CMAKE_CURRENT_BINARY_DIR}/${name}_servers.cmake)
        file(WRITE ${script}
            "foreach(case IN LISTS ${name}_cases)\n"
            "    set_tests_properties(\${case} PROPERTIES FIXTURES_REQUIRED servers\n"
            "        ENVIRONMENT \"${stockroom_servers_environment}\")\n"
            "endforeach()\n")
        set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${script})
    endif()
endfunction()
