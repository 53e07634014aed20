#include "stockroom/runtime/command_line.hpp"

#include <cctype>
#include <exception>
#include <iostream>
#include <map>
#include <string>

namespace stockroom::runtime {

namespace {

std::string environment_name(std::string_view long_name) {
    std::string name = "STOCKROOM_";
    for (const char c : long_name)
        name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return name;
}

}  // namespace

std::string_view version() {
    return STOCKROOM_VERSION;
}

void bind_environment(CLI::App& command) {
    for (CLI::Option* option : command.get_options()) {
        if (option == command.get_help_ptr() || option == command.get_version_ptr()) continue;
        if (option->get_lnames().empty()) continue;
        option->envname(environment_name(option->get_lnames().front()));
    }
}

void add_log_level(CLI::App& command, telemetry::LogLevel& level) {
    using telemetry::LogLevel;
    static const std::map<std::string, LogLevel> levels{{"debug", LogLevel::debug},
                                                        {"info", LogLevel::info},
                                                        {"warning", LogLevel::warning},
                                                        {"error", LogLevel::error}};
    std::string by_default;
    for (const auto& [name, value] : levels)
        if (value == level) by_default = name;
    command
        .add_option_function<std::string>(
            "--log-level", [&level](const std::string& name) { level = levels.at(name); },
            "The least level that is logged: debug, info, warning or error")
        ->check([](const std::string& name) {
            return levels.contains(name) ? std::string()
                                         : "must be debug, info, warning or error, not " + name;
        })
        ->type_name("LEVEL")
        ->default_str(by_default);
}

int run_command_line(CLI::App& app, int argc, const char* const* argv, const int& exit_code) {
    try {
        app.parse(argc, argv);
        return exit_code;
    } catch (const CLI::ParseError& stopped) {
        return app.exit(stopped) == 0 ? kExitDone : kExitUsage;
    } catch (const std::exception& failure) {
        std::cerr << app.get_name() << ": " << failure.what() << '\n';
        return kExitFailed;
    }
}

}  // namespace stockroom::runtime
