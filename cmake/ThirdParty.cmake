# Every library that Stockroom uses, all of them Debian 12 packages (docs/decisions/ says why each).
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS url json)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
find_package(SQLite3 REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(PkgConfig REQUIRED)
# Debian's own interpreter: the one that python3-yaml and python3-pytest are installed for.
find_program(STOCKROOM_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
