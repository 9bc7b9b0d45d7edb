"""Faults on command: named rules from a scenario file that make the exchange, its doors or its stream misbehave."""

from kalshi_tui.practice.faults.armoury import Faults
from kalshi_tui.practice.faults.requests import RequestFault
from kalshi_tui.practice.faults.rules import Rule, When
from kalshi_tui.practice.faults.scenario import ScenarioError, load_scenario, scenario_path

__all__ = ["Faults", "RequestFault", "Rule", "ScenarioError", "When", "load_scenario", "scenario_path"]
