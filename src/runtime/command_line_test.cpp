#include "stockroom/runtime/command_line.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stockroom::runtime {
namespace {

struct Program {
    CLI::App app{"A program", "program"};
    std::string store_url = "sqlite:var/stockroom.db";
    telemetry::LogLevel level = telemetry::LogLevel::info;
    bool ran = false;
    int exit_code = 0;

    Program() {
        CLI::App& serve = *app.add_subcommand("serve", "Serves");
        serve.add_option("--store-url", store_url);
        add_log_level(serve, level);
        bind_environment(serve);
        app.set_version_flag("--version", std::string(version()));
        app.require_subcommand(1);
        serve.callback([this] { ran = true; });
    }

    int run(std::vector<const char*> arguments) {
        arguments.insert(arguments.begin(), "program");
        return run_command_line(app, static_cast<int>(arguments.size()), arguments.data(),
                                exit_code);
    }
};

class CommandLine : public testing::Test {
  protected:
    void SetUp() override { unsetenv("STOCKROOM_STORE_URL"); }
    void TearDown() override { unsetenv("STOCKROOM_STORE_URL"); }
};

TEST_F(CommandLine, TakesTheFlagBeforeTheEnvironmentBeforeTheDefault) {
    Program by_default;
    EXPECT_EQ(by_default.run({"serve"}), kExitDone);
    EXPECT_EQ(by_default.store_url, "sqlite:var/stockroom.db");

    setenv("STOCKROOM_STORE_URL", "sqlite:env.db", 1);
    Program by_environment;
    EXPECT_EQ(by_environment.run({"serve"}), kExitDone);
    EXPECT_EQ(by_environment.store_url, "sqlite:env.db");

    Program by_flag;
    EXPECT_EQ(by_flag.run({"serve", "--store-url", "sqlite:flag.db"}), kExitDone);
    EXPECT_EQ(by_flag.store_url, "sqlite:flag.db");
}

TEST_F(CommandLine, ReadsTheLogLevel) {
    Program program;
    EXPECT_EQ(program.run({"serve", "--log-level", "warning"}), kExitDone);
    EXPECT_EQ(program.level, telemetry::LogLevel::warning);
}

TEST_F(CommandLine, ExitsWithTwoOnWrongUsage) {
    const std::vector<std::vector<const char*>> wrong{
        {}, {"sell"}, {"serve", "--colour"}, {"serve", "--log-level", "loud"}, {"serve", "more"}};
    for (const auto& arguments : wrong) {
        Program program;
        EXPECT_EQ(program.run(arguments), kExitUsage);
        EXPECT_FALSE(program.ran);
    }
}

TEST_F(CommandLine, ExitsWithZeroAfterHelpAndVersion) {
    const std::vector<std::vector<const char*>> asking{
        {"--help"}, {"--version"}, {"serve", "--help"}};
    for (const auto& arguments : asking) {
        Program program;
        EXPECT_EQ(program.run(arguments), kExitDone);
        EXPECT_FALSE(program.ran);
    }
}

TEST_F(CommandLine, ExitsWithWhatTheCommandSays) {
    Program program;
    program.exit_code = kExitFailed;
    EXPECT_EQ(program.run({"serve"}), kExitFailed);
}

TEST_F(CommandLine, ExitsWithOneWhenTheCommandThrows) {
    Program program;
    program.app.get_subcommand("serve")->callback([] { throw std::runtime_error("disk on fire"); });
    testing::internal::CaptureStderr();
    EXPECT_EQ(program.run({"serve"}), kExitFailed);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "program: disk on fire\n");
}

TEST_F(CommandLine, ShowsNoPasswordThatWasTypedInTheWrongPlace) {
    const std::vector<std::vector<const char*>> wrong{
        {"serve", "postgres://u:SECRET@127.0.0.1/db"},
        {"serve", "--storeurl=postgres://u:SECRET@127.0.0.1/db"},
        {"serve", "--log-level", "postgres://u:SECRET@127.0.0.1/db"},
        {"serve", "--log-level=postgres:u:SECRET@host"},
        {"serve", "postgres://u:SEC SECRET RET@host"},
    };
    for (const auto& arguments : wrong) {
        Program program;
        testing::internal::CaptureStderr();
        EXPECT_EQ(program.run(arguments), kExitUsage);
        const auto told = testing::internal::GetCapturedStderr();
        EXPECT_THAT(told, testing::AllOf(testing::HasSubstr("***"),
                                         testing::Not(testing::HasSubstr("SECRET"))));
    }
    setenv("STOCKROOM_LOG_LEVEL", "amqp://u:SECRET@host", 1);
    Program program;
    testing::internal::CaptureStderr();
    EXPECT_EQ(program.run({"serve"}), kExitUsage);
    unsetenv("STOCKROOM_LOG_LEVEL");
    EXPECT_THAT(testing::internal::GetCapturedStderr(),
                testing::AllOf(testing::HasSubstr("u:***@host"),
                               testing::Not(testing::HasSubstr("SECRET"))));
}

TEST_F(CommandLine, SaysByWhichFlagAUrlIsGiven) {
    Program program;
    testing::internal::CaptureStderr();
    EXPECT_EQ(program.run({"serve", "postgres://u@127.0.0.1/db"}), kExitUsage);
    EXPECT_THAT(testing::internal::GetCapturedStderr(),
                testing::HasSubstr("A URL is given by --store-url."));
}

TEST_F(CommandLine, ARefusalShowsNoPassword) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(refuse("program", kExitFailed, "no file amqp://u:SECRET@h"), kExitFailed);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "program: no file amqp://u:***@h\n");
}

}  // namespace
}  // namespace stockroom::runtime
