#include "stockroom/wiring/run.hpp"

int main(int argc, char** argv) {
    return stockroom::wiring::run_health(argc, argv);
}
