%% The supervisors and workers of a sequence, as OTP has them: what a child's start answers is in its script, and all log
%% what happens to them. See runner.erl.
-module(tree).
-behaviour(supervisor).
-export([init/1, log/2, collect/0, note/1, path/2, child_spec/2, start_child/2, start_dynamic/3]).

%%% What is told.

%% The same clock as the tracer's, so that both can be put in one order.
note(Entry) -> ets:insert(otp_log, {{erlang:monotonic_time(nanosecond), erlang:unique_integer([monotonic])}, Entry}).

%% No supervisor says when it begins to end: this call of its is traced.
collect() ->
    receive
        {trace_ts, Pid, call, {supervisor, terminate, _}, Time} ->
            [{_, Path, Incarnation}] = ets:lookup(otp_pids, Pid),
            ets:insert(otp_log, {Time, {'end', Path, Incarnation}})
    end,
    collect().

%% As a handler of logger's: in the process of the supervisor that reports.
log(#{msg := {report, #{label := {supervisor, shutdown}}}}, _Config) ->
    case ets:lookup(otp_pids, self()) of
        [{_, Path, Incarnation}] -> note({gave_up, Path, Incarnation});
        [] -> ok
    end;
log(_Event, _Config) ->
    ok.

%%% The tree. A child is {Id, Kind, Restart, Significant, Shutdown, Script}.

child_spec(Parent, {Id, Kind, Restart, Significant, Shutdown, _} = Child) ->
    #{id => Id, start => {?MODULE, start_child, [path(Parent, Id), Child]}, restart => Restart,
      significant => Significant, shutdown => shutdown(Kind, Shutdown), type => type(Kind)}.

%% Who is started has its number behind its id, as with Reeve, and a script of its own.
template_spec(Parent, {Id, Kind, Restart, Significant, Shutdown, _} = Child) ->
    #{id => Id, start => {?MODULE, start_dynamic, [Parent, Child]}, restart => Restart,
      significant => Significant, shutdown => shutdown(Kind, Shutdown), type => type(Kind)}.

type(worker) -> worker;
type({sup, _, _, _, _}) -> supervisor.

shutdown({sup, _, _, _, _}, _) -> infinity;
shutdown(worker, brutal) -> brutal_kill;
shutdown(worker, obeys) -> infinity.

path(Parent, Id) -> <<Parent/binary, "/", Id/binary>>.

init({Path, Incarnation, {sup, Strategy, Intensity, AutoShutdown, Children}}) ->
    ets:insert(otp_pids, {self(), Path, Incarnation}),
    ets:insert(otp_current, {Path, self(), Strategy}),
    erlang:trace(self(), true, [call, strict_monotonic_timestamp, {tracer, persistent_term:get(otp_collector)}]),
    Specs = case Strategy of
        simple_one_for_one -> [template_spec(Path, Child) || Child <- Children];
        _ -> [child_spec(Path, Child) || Child <- Children]
    end,
    %% Whole seconds, and so many that all happens within one period.
    {ok, {#{strategy => Strategy, intensity => Intensity, period => 1000000, auto_shutdown => AutoShutdown}, Specs}}.

start_dynamic(Parent, {Id, Kind, Restart, Significant, Shutdown, Scripts}, Number) ->
    Script = case Number =< length(Scripts) of true -> lists:nth(Number, Scripts); false -> [] end,
    Name = <<Id/binary, ".", (integer_to_binary(Number))/binary>>,
    start_child(path(Parent, Name), {Name, Kind, Restart, Significant, Shutdown, Script}).

start_child(Path, {_, Kind, _, _, Shutdown, Script}) ->
    Attempt = ets:update_counter(otp_attempts, Path, 1, {Path, 0}),
    ets:insert(otp_scripts, {Path, Script}),
    case verdict(Path, Attempt, Script) of
        error -> note({start_fail, Path, Attempt}), {error, boom};
        ignore -> note({start_ignore, Path, Attempt}), ignore;
        ok when Kind =:= worker -> start_worker(Path, Attempt, Shutdown);
        ok -> start_supervisor(Path, Attempt, Kind)
    end.

verdict(_Path, Attempt, Script) when Attempt > length(Script) -> ok;
verdict(Path, Attempt, Script) ->
    case lists:nth(Attempt, Script) of
        gate ->
            note({gate, Path, Attempt}),
            ets:insert(otp_gates, {Path, self()}),
            receive {open, Verdict} -> Verdict end;
        Verdict ->
            Verdict
    end.

start_supervisor(Path, Attempt, Kind) ->
    %% As supervisor:start_link/2 does it, which takes no priority.
    Options = [{spawn_opt, [{priority, high}]}],
    case gen_server:start_link(supervisor, {self, ?MODULE, {Path, Attempt, Kind}}, Options) of
        {ok, Pid} ->
            ets:insert(otp_up, {Pid, Path, element(2, Kind), can_end(Kind)}),
            note({start, Path, Attempt}),
            {ok, Pid};
        {error, Reason} ->
            note({start_fail, Path, Attempt}),
            {error, Reason}
    end.

can_end({sup, _, Intensity, AutoShutdown, _}) -> Intensity < 1000 orelse AutoShutdown =/= never.

start_worker(Path, Attempt, Shutdown) ->
    Parent = self(),
    Pid = spawn_opt(fun() ->
        process_flag(trap_exit, true),
        Parent ! {up, self()},
        work(Parent, Path, Attempt, Shutdown)
    end, [link, {priority, high}]),
    receive {up, Pid} -> ok end,
    ets:insert(otp_pids, {Pid, Path, Attempt}),
    ets:insert(otp_current, {Path, Pid, worker}),
    note({start, Path, Attempt}),
    {ok, Pid}.

work(Parent, Path, Attempt, Shutdown) ->
    receive
        {'EXIT', Parent, Reason} ->
            note({stop, Path, Attempt}),
            exit(Reason);
        {die, killed} ->
            note({die, Path, Attempt}),
            exit(self(), kill),
            work(Parent, Path, Attempt, Shutdown);
        {die, tagged} ->
            note({die, Path, Attempt}),
            exit({shutdown, tagged});
        {die, Reason} ->
            note({die, Path, Attempt}),
            exit(Reason)
    end.

