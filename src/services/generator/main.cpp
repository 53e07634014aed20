#include "stockroom/wiring/run.hpp"

int main(int argc, char** argv) {
    return stockroom::wiring::run_generator(argc, argv);
}
